"""Create valid records for tests from defaults, with unique names, committed so that the server sees them.

Every `make_*` takes field values as keywords and returns the saved document.
"""

import contextlib
import functools
from collections.abc import Iterator
from typing import Any
from unittest import mock

import frappe
from frappe.model.document import Document
from frappe.utils.password import get_decrypted_password, passlibctx, update_password

from orchestrator import compat

# Frappe 16 sanitises HTML by nh3 instead of bleach: links get a `rel`
LINK_REL = "" if compat.FRAPPE_MAJOR < 16 else ' rel="noopener noreferrer"'
# Frappe's own replies to a body that is not JSON
UNPARSED_BODY_STATUS = 500 if compat.FRAPPE_MAJOR < 16 else 417
# Frappe 16 refuses a deletion without a message
DELETE_REFUSAL = (
	"User not allowed to delete"
	if compat.FRAPPE_MAJOR < 16
	else "You do not have permission to do this. Ask your administrator for access."
)
PASSWORD = "Harbor-Light-2719"
EMAIL_DOMAIN = "harbor.example"


def make_unique(prefix: str) -> str:
	"""Return `prefix` with letters that no other record has."""
	return f"{prefix} {frappe.generate_hash(length=8)}"


def make_unique_email(local_part: str = "person") -> str:
	return f"{local_part}-{frappe.generate_hash(length=8)}@{EMAIL_DOMAIN}"


def get_company() -> str:
	"""Return the site's company."""
	return frappe.defaults.get_global_default("company")


def make_record(doctype: str, **values: Any) -> Document:
	"""Insert and commit any document, as the user of the connection."""
	doc = frappe.get_doc({"doctype": doctype, **values}).insert()
	frappe.db.commit()
	return doc


def make_user(*roles: str, **values: Any) -> Document:
	"""Create a desk user with these roles and the password `PASSWORD`."""
	defaults = {
		"email": make_unique_email("user"),
		"first_name": make_unique("User"),
		"send_welcome_email": 0,
		"roles": [{"role": role} for role in roles],
		# most tests need it, and adding it later would save the user again
		"api_key": frappe.generate_hash(length=15),
		"api_secret": frappe.generate_hash(length=15),
	}
	frappe.local.conf.throttle_user_limit = (
		100_000  # otherwise, Frappe limits a site to 60 new users per hour
	)
	user = frappe.get_doc({"doctype": "User", **defaults, **values}).insert()
	if "new_password" not in values:
		with mock.patch.object(passlibctx, "hash", hash_password):
			update_password(user.name, PASSWORD)
	frappe.db.commit()
	return user


@functools.cache
def hash_password(password: str) -> str:
	"""Return the hash of a password. It is slow by design, and the same for all users here."""
	return original_hash(password)


original_hash = passlibctx.hash


def get_token(user: str) -> tuple[str, str]:
	"""Return the user's API key and secret, created if there are none."""
	key = frappe.db.get_value("User", user, "api_key")
	secret = get_decrypted_password("User", user, "api_secret", raise_exception=False)
	if not (key and secret):
		doc = frappe.get_doc("User", user)
		key, secret = key or frappe.generate_hash(length=15), frappe.generate_hash(length=15)
		doc.update({"api_key": key, "api_secret": secret})
		doc.save(ignore_permissions=True)
		frappe.db.commit()
	return key, secret


def make_customer(**values: Any) -> Document:
	return make_record(
		"Customer", **{"customer_name": make_unique("Customer"), "customer_type": "Company", **values}
	)


def make_lead_source(name: str) -> Document:
	"""Create a source of leads, which is another DocType on ERPNext 16."""
	doctype = compat.get_lead_source_doctype()
	title = {"source_name": name} if frappe.get_meta(doctype).has_field("source_name") else {}
	return make_record(doctype, __newname=name, **title)


def make_lead(**values: Any) -> Document:
	"""Create a lead; `source` goes into the field that this ERPNext has for it."""
	if "source" in values:
		values[compat.get_lead_source_field()] = values.pop("source")
	return make_record(
		"Lead", **{"lead_name": make_unique("Lead"), "email_id": make_unique_email("lead"), **values}
	)


def make_opportunity(**values: Any) -> Document:
	"""Create an opportunity from a new lead, unless `party_name` names one."""
	if "party_name" not in values:
		values["party_name"] = make_lead().name
	defaults = {
		"opportunity_from": "Lead",
		"company": get_company(),
		"currency": "USD",
		"conversion_rate": 1,
		"opportunity_amount": 1000,
	}
	return make_record("Opportunity", **{**defaults, **values})


def make_issue(**values: Any) -> Document:
	return make_record(
		"Issue", **{"subject": make_unique("Issue"), "raised_by": make_unique_email("caller"), **values}
	)


def make_project(**values: Any) -> Document:
	return make_record(
		"Project", **{"project_name": make_unique("Project"), "company": get_company(), **values}
	)


def make_task(**values: Any) -> Document:
	return make_record("Task", **{"subject": make_unique("Task"), **values})


def make_employee(**values: Any) -> Document:
	"""Create an active employee; `user_id` links a user."""
	defaults = {
		"first_name": make_unique("Employee"),
		"gender": "Prefer not to say",
		"date_of_birth": "1990-01-01",
		"date_of_joining": "2020-01-01",
		"company": get_company(),
		"status": "Active",
	}
	with keep_caches():
		employee = make_record("Employee", **{**defaults, **values})
	if employee.get("holiday_list"):
		assign_holiday_list(employee.name, employee.holiday_list)
	return employee


def assign_holiday_list(employee: str, holiday_list: str) -> None:
	"""Assign the list to the employee: HRMS 16 does not read the field of Employee."""
	if not frappe.db.exists("DocType", "Holiday List Assignment"):
		return
	first = frappe.db.get_value("Holiday List", holiday_list, "from_date")
	make_record(
		"Holiday List Assignment",
		applicable_for="Employee",
		assigned_to=employee,
		holiday_list=holiday_list,
		from_date=first,
	).submit()
	frappe.db.commit()


@contextlib.contextmanager
def keep_caches() -> Iterator[None]:
	"""Keep the site's caches: ERPNext clears all of them whenever an employee is saved, and every test would
	then wait for them. Documents clear the caches of the employee and their user themselves.
	"""
	clear_cache = frappe.clear_cache

	def clear_what_is_named(user: str | None = None, doctype: str | None = None) -> None:
		if user or doctype:
			clear_cache(user=user, doctype=doctype)

	with mock.patch.object(frappe, "clear_cache", clear_what_is_named):
		yield


def assign(doc: Document, user: str) -> None:
	"""Assign as Desk does."""
	from frappe.desk.form import assign_to

	assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [user]})
	frappe.db.commit()


def build_room_request(doctype: str, name: str) -> tuple[str, dict[str, str]]:
	"""Return the request that the socket server of this Frappe sends before a user may get live updates of a
	record.
	"""
	if hasattr(frappe.realtime, "can_subscribe_doc"):
		return "frappe.realtime.can_subscribe_doc", {"doctype": doctype, "docname": name}
	return "frappe.realtime.has_permission", {"doctype": doctype, "name": name}
