"""Each has_permission hook of this app lets a plain user read an ordinary record of theirs. Frappe 15 takes
None for no opinion, Frappe 16 for a refusal: a hook that returns the wrong one silently closes a DocType to
everybody but Administrator.
"""

from collections.abc import Callable

import pytest

import frappe
from frappe.model.document import Document
from frappe.permissions import has_controller_permissions

from orchestrator import hooks
from orchestrator.hr.permissions import EMPLOYEE_FIELDS
from tests.support import clinic, docs_factories, factories, gameplan, helpdesk, hr_factories, insights

Case = tuple[Document, str]


def make_own_todo() -> Case:
	user = factories.make_user("Desk User").name
	return factories.make_record(
		"ToDo", description=factories.make_unique("Call back"), allocated_to=user
	), user


def make_copy_of_deleted_lead() -> Case:
	lead = factories.make_lead()
	frappe.delete_doc("Lead", lead.name)
	frappe.db.commit()
	copy = frappe.get_doc("Deleted Document", {"deleted_doctype": "Lead", "deleted_name": lead.name})
	return copy, factories.make_user("System Manager", "Sales Manager").name


def make_public_dashboard() -> Case:
	doc = frappe.get_doc(
		"Orchestrator Dashboard", insights.make_dashboard(insights.make_shared_metric("harbor"))
	)
	return doc, factories.make_user("Desk User").name


def make_own_subscription() -> Case:
	user = factories.make_user("Desk User").name
	dashboard = insights.make_dashboard(insights.make_shared_metric("harbor"))
	with helpdesk.override_settings(send_dashboards_by_mail=1):
		doc = factories.make_record(
			"Dashboard Subscription",
			dashboard=dashboard,
			recipients=[{"user": user}],
			frequency="Daily",
			format="HTML",
		)
	doc.db_set("owner", user)
	frappe.db.commit()
	return doc, user


def make_granted_folder(doctype: str) -> Case:
	user = factories.make_user("Desk User").name
	folder = docs_factories.make_folder(("User", user, "Read"))
	if doctype == "Document Folder":
		return frappe.get_doc(doctype, folder), user
	document = docs_factories.make_document(folder)
	return frappe.get_doc(doctype, document if doctype == "Document" else f"{document}-v1"), user


def make_own_private_file() -> Case:
	user = factories.make_user("Desk User").name
	frappe.set_user(user)
	file = factories.make_record(
		"File", file_name=f"{factories.make_unique('note')}.txt", content="hello", is_private=1
	)
	frappe.set_user("Administrator")
	return file, user


def make_tag_of_lead() -> Case:
	lead = factories.make_lead()
	tag = factories.make_record("Tag", __newname=factories.make_unique("Tag"))
	link = factories.make_record("Tag Link", document_type="Lead", document_name=lead.name, tag=tag.name)
	return link, factories.make_user("Desk User").name


def make_sprint_of_own_project() -> Case:
	return gameplan.make_sprint(factories.make_project().name), factories.make_user("Projects User").name


def make_version_of_lead() -> Case:
	lead = factories.make_lead()
	lead.db_set("company_name", "Harbor")
	data = frappe.as_json({"changed": [["company_name", None, "Harbor"]]})
	version = factories.make_record("Version", ref_doctype="Lead", docname=lead.name, data=data)
	return version, factories.make_user("Sales User", "System Manager").name


def make_own_hr_record(doctype: str) -> Case:
	"""Create a record of the caller's own. The hook asks for the employee alone, so that the record need not
	be saved.
	"""
	person = hr_factories.make_person()
	if doctype == "Employee":
		return frappe.get_doc(doctype, person.employee), person.user
	doc = frappe.new_doc(doctype)
	doc.update({"employee": person.employee, "name": factories.make_unique("record")})
	return doc, person.user


def make_own_api_key() -> Case:
	user = factories.make_user("Sales User").name
	doctypes = [{"reference_doctype": "Lead", "read": 1}]
	return factories.make_record("API Key", title="Leads", user=user, doctypes=doctypes), user


def make_card_of_leads() -> Case:
	card = factories.make_record(
		"Number Card", label=factories.make_unique("Leads"), type="Document Type", document_type="Lead", function="Count",
		is_public=1, module="Orchestrator",
	)  # fmt: skip
	return card, factories.make_user("Sales User", "System Manager").name


def make_consent_of_readable_client() -> Case:
	connection = clinic.make_connection()
	consent = factories.make_record(
		"Client Consent",
		client=clinic.make_client(connection).name,
		is_general=1,
		valid_from="2026-01-01",
		demographics=1,
	)
	return consent, clinic.make_clinical_user(connection.default_facility, "Clinical Manager")


CASES: dict[str, Callable[[], Case]] = {
	"*": make_own_todo,
	"API Key": make_own_api_key,
	"Client Consent": make_consent_of_readable_client,
	"Deleted Document": make_copy_of_deleted_lead,
	"Dashboard Subscription": make_own_subscription,
	"Orchestrator Dashboard": make_public_dashboard,
	"Document": lambda: make_granted_folder("Document"),
	"Document Version": lambda: make_granted_folder("Document Version"),
	"Document Folder": lambda: make_granted_folder("Document Folder"),
	"File": make_own_private_file,
	"Number Card": make_card_of_leads,
	"Tag Link": make_tag_of_lead,
	"Sprint": make_sprint_of_own_project,
	"Version": make_version_of_lead,
}


def make_case(doctype: str) -> Case:
	return make_own_hr_record(doctype) if doctype in EMPLOYEE_FIELDS else CASES[doctype]()


@pytest.mark.parametrize("doctype", hooks.has_permission)
def test_a_plain_user_may_read_their_ordinary_record(site, doctype):
	doc, user = make_case(doctype)
	assert has_controller_permissions(doc, "read", user=user) is True


@pytest.mark.parametrize("doctype", sorted(set(CASES) - {"*", "Tag Link"}))
def test_the_record_is_given_out_by_the_api(api, site, doctype):
	doc, user = make_case(doctype)
	reply = api(user).get("frappe.client.get", doctype=doctype, name=doc.name)
	assert reply.status_code == 200, reply.text
	assert reply.json()["data"]["name"] == doc.name


def test_hooks_of_other_apps_are_still_asked(api, site):
	"""On Frappe 15, the first True ends the chain: the hook for every DocType comes before Frappe's own for
	files.
	"""
	file, _owner = make_own_private_file()
	stranger = factories.make_user("Desk User").name
	assert has_controller_permissions(file, "read", user=stranger) is False
	assert api(stranger).get("frappe.client.get", doctype="File", name=file.name).status_code == 404


@pytest.mark.parametrize("front_end", ["api", "browser"])
def test_a_percent_sign_in_a_role_does_not_break_a_list(callers, site, front_end):
	"""The conditions of hooks hold such names; Desk's lists on Frappe 16 are queries with values."""
	role = factories.make_record("Role", role_name=factories.make_unique("50 % Harbor"), desk_access=1).name
	board = insights.make_dashboard(insights.make_shared_metric("harbor"), roles=[{"role": role}])
	user = factories.make_user(role).name
	client = callers.api(user) if front_end == "api" else callers.browser(user, factories.PASSWORD)
	asked = {"doctype": "Orchestrator Dashboard", "filters": frappe.as_json({"name": ("in", [board])})}
	reply = client.get("frappe.client.get_list", **asked)
	assert reply.status_code == 200, reply.text
	assert [row["name"] for row in reply.json()["message"]] == [board]
