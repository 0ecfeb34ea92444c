"""Create records of the demo, and find those created so far by the keys of the tables."""

from datetime import date, timedelta

import frappe
from frappe.desk.form import assign_to
from frappe.model.document import Document

from orchestrator import clock
from orchestrator.setup.demo import data, ledger

MONDAY_TO_FRIDAY = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
WEEK = (*MONDAY_TO_FRIDAY, "Saturday", "Sunday")


class DemoMaker:
	"""One creation of the demo. Keys of the tables lead to the names of the records made from them."""

	def __init__(self, company: str) -> None:
		self.company = company
		self.today = clock.get_today()
		self.names: dict[tuple[str, str], str] = {}
		self.changed: list[ledger.ChangedSetting] = []

	def assign(self, doc: Document, key: str | None) -> None:
		if key:
			assign_to.add(
				{"doctype": doc.doctype, "name": doc.name, "assign_to": [self.names["User", key]]},
				ignore_permissions=True,
			)

	def set_single_value(self, doctype: str, fieldname: str, value: str) -> None:
		"""Set a value of a Single and remember what it was."""
		# get_single_value would turn a missing value into an empty one.
		before = frappe.db.get_value(
			"Singles", {"doctype": doctype, "field": fieldname}, "value", order_by=None
		)
		if before != value:
			frappe.db.set_single_value(doctype, fieldname, value)
			self.changed.append(ledger.ChangedSetting(doctype, fieldname, before, value))


def build_email(key: str) -> str:
	person = next(person for person in data.PEOPLE if person.key == key)
	return f"{person.first_name}.{person.last_name}@{data.EMAIL_DOMAIN}".lower()


def insert_record(doctype: str, **values: object) -> Document:
	return frappe.get_doc({"doctype": doctype, **values}).insert()


def get_or_create(doctype: str, name: str, **values: object) -> None:
	"""Create a master record unless the site has it. An existing one is not removed with the demo."""
	if not frappe.db.exists(doctype, name):
		insert_record(doctype, **values)


def get_root(tree: str) -> str:
	"""Return the topmost group of a tree DocType, whatever its name in the site's language."""
	return frappe.get_all(tree, filters={"is_group": 1}, order_by="lft asc", limit=1, pluck="name")[0]


def list_days(first: date, last: date) -> list[date]:
	return [first + timedelta(days=number) for number in range((last - first).days + 1)]
