"""Records for tests: valid ones from defaults, each with a name of its own, committed so that the server sees them.

Every `make_*` takes field values as keywords and returns the saved document.
"""

from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils.password import get_decrypted_password

PASSWORD = "Harbor-Light-2719"
EMAIL_DOMAIN = "harbor.example"


def unique(prefix: str) -> str:
	"""`prefix` with letters that no other record has."""
	return f"{prefix} {frappe.generate_hash(length=8)}"


def unique_email(local_part: str = "person") -> str:
	return f"{local_part}-{frappe.generate_hash(length=8)}@{EMAIL_DOMAIN}"


def company() -> str:
	"""The site's company."""
	return frappe.defaults.get_global_default("company")


def make(doctype: str, **values: Any) -> Document:
	"""Insert and commit any document, as the user of the connection."""
	doc = frappe.get_doc({"doctype": doctype, **values}).insert()
	frappe.db.commit()
	return doc


def make_user(*roles: str, **values: Any) -> Document:
	"""A desk user with these roles and the password `PASSWORD`."""
	defaults = {
		"email": unique_email("user"),
		"first_name": unique("User"),
		"new_password": PASSWORD,
		"send_welcome_email": 0,
		"roles": [{"role": role} for role in roles],
	}
	frappe.local.conf.throttle_user_limit = 100_000  # Frappe lets a site make 60 users an hour otherwise
	return make("User", **{**defaults, **values})


def token_of(user: str) -> tuple[str, str]:
	"""The user's API key and secret, made if there are none."""
	doc = frappe.get_doc("User", user)
	secret = get_decrypted_password("User", user, "api_secret", raise_exception=False)
	if not (doc.api_key and secret):
		secret = frappe.generate_hash(length=15)
		doc.update({"api_key": doc.api_key or frappe.generate_hash(length=15), "api_secret": secret})
		doc.save(ignore_permissions=True)
		frappe.db.commit()
	return doc.api_key, secret


def make_customer(**values: Any) -> Document:
	return make("Customer", **{"customer_name": unique("Customer"), "customer_type": "Company", **values})


def make_lead(**values: Any) -> Document:
	return make("Lead", **{"lead_name": unique("Lead"), "email_id": unique_email("lead"), **values})


def make_opportunity(**values: Any) -> Document:
	"""An opportunity from a lead of its own, unless `party_name` names one."""
	if "party_name" not in values:
		values["party_name"] = make_lead().name
	defaults = {
		"opportunity_from": "Lead",
		"company": company(),
		"currency": "USD",
		"conversion_rate": 1,
		"opportunity_amount": 1000,
	}
	return make("Opportunity", **{**defaults, **values})


def make_issue(**values: Any) -> Document:
	return make("Issue", **{"subject": unique("Issue"), "raised_by": unique_email("caller"), **values})


def make_project(**values: Any) -> Document:
	return make("Project", **{"project_name": unique("Project"), "company": company(), **values})


def make_task(**values: Any) -> Document:
	return make("Task", **{"subject": unique("Task"), **values})


def make_employee(**values: Any) -> Document:
	"""An active employee; `user_id` links a user."""
	defaults = {
		"first_name": unique("Employee"),
		"gender": "Prefer not to say",
		"date_of_birth": "1990-01-01",
		"date_of_joining": "2020-01-01",
		"company": company(),
		"status": "Active",
	}
	return make("Employee", **{**defaults, **values})


def assign(doc: Document, user: str) -> None:
	"""Assign as Desk does."""
	from frappe.desk.form import assign_to

	assign_to.add({"doctype": doc.doctype, "name": doc.name, "assign_to": [user]})
	frappe.db.commit()
