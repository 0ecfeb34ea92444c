"""Methods of documents that show a record named by the caller, or compute an employee's entitlements."""

from typing import Any

import pytest

import frappe

from tests.support import clinic, factories, hr_factories

RACE = "Canary-Preview-7741"
RUN = "/api/method/run_doc_method"
PREVIEWS: dict[str, dict[str, Any]] = {
	"webhook": {
		"docs": {"doctype": "Webhook", "webhook_doctype": "Client", "condition": "doc.race"},
		"method": "preview_request_body",
	},
	"webhook of Frappe 15": {
		"docs": {"doctype": "Webhook", "webhook_doctype": "Client", "preview_document": "{client}"},
		"method": "generate_preview",
	},
	"notification": {
		"docs": {"doctype": "Notification", "document_type": "Client", "subject": "{{ doc.race }}"},
		"method": "preview_subject",
	},
}


@pytest.fixture(scope="module")
def client(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return str(clinic.make_client(clinic.make_connection(), race=RACE).name)


@pytest.mark.parametrize("args", ["named", "alone"])
@pytest.mark.parametrize("preview", PREVIEWS)
def test_preview_of_an_unreadable_record(client: str, api: Any, preview: str, args: str) -> None:
	"""A System Manager writes webhooks and notifications, and reads no clients."""
	text = frappe.as_json(PREVIEWS[preview]).replace("{client}", client)
	sent = {"preview_document": client} if args == "named" else client
	body = {**frappe.parse_json(text), "args": sent}
	reply = api(factories.make_user("System Manager").name).request("POST", RUN, json=body)
	assert (reply.status_code, RACE in reply.text) == (403, False), reply.text


@pytest.mark.parametrize(
	("doctype", "method"),
	[
		("Employee Benefit Application", "set_benefit_components_and_currency"),
		("Employee Benefit Claim", "get_benefit_details"),
		("Overtime Slip", "get_frequency_and_dates"),
		("Payroll Correction", "fetch_salary_slip_details"),
	],
)
def test_what_another_employee_gets(api: Any, site: str, doctype: str, method: str) -> None:
	other = factories.make_employee(ctc=97_741).name
	document = {"doctype": doctype, "employee": other, "date": "2026-11-02"}
	reply = api(hr_factories.make_person().user).request(
		"POST", RUN, json={"docs": document, "method": method}
	)
	assert (reply.status_code, "97741" in reply.text) in ((403, False), (404, False)), reply.text
