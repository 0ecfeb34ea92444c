"""Guarded methods by unusual paths and forms of `cmd`: refused wherever they would run."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

import frappe

from tests.support import factories
from tests.support.client import Client

Api = Callable[[str], Client]
METHOD = "erpnext.crm.doctype.lead.lead.get_lead_details"
HARMLESS = "frappe.auth.get_logged_user"
REFUSALS = (403, 404)


@dataclass(frozen=True)
class Form:
	"""A way to call the method: the path, and what is sent besides the lead."""

	path: str
	verb: str = "POST"
	body: str = "json"
	extra: tuple[tuple[str, str], ...] = ()

	def send(self, client: Client, lead: str) -> requests.Response:
		values = {"lead": lead, "posting_date": "2026-01-05", **dict(self.extra)}
		arguments: dict[str, Any] = {self.body: values}
		if self.body == "multipart":
			arguments = {"files": {key: (None, value) for key, value in values.items()}}
		return client.request(self.verb, self.path, **arguments)


# Forms that reach the method: an administrator gets the lead with each
REACHING = [
	Form("/api/v2/method/Lead/get_lead_details"),
	Form("/api/v2/method/Lead/get_lead_details/"),
	Form("/api/v2/method/Le%61d/get%5Flead%5Fdetails"),
	Form("/api/v2/method/Lead/get_lead_details", verb="GET", body="params"),
	Form(f"/api/v2/method/{METHOD}"),
	Form(f"/api/v1/method/{METHOD}"),
	Form(f"/api/method/{METHOD}/"),
	Form(f"/api/method/{METHOD}/and/more"),
	Form(f"/api/method/{METHOD}".replace("erpnext", "%65rpnext").replace(".", "%2E")),
	Form(f"/?cmd={METHOD}", body="data"),
	Form(f"/?cmd={METHOD}&lead=nobody", body="data"),
	Form("/", body="json", extra=(("cmd", METHOD),)),
	Form("/", body="multipart", extra=(("cmd", METHOD),)),
	Form(f"/?cmd={HARMLESS}", body="multipart", extra=(("cmd", METHOD),)),
	Form(f"/?cmd={HARMLESS}", body="json", extra=(("cmd", METHOD),)),
	Form(f"/api/resource/ToDo?cmd={METHOD}", body="data"),
	Form(f"/api/resource/ToDo/none?cmd={METHOD}", body="data"),
	Form(f"/api/v2/document/ToDo?cmd={METHOD}", body="data"),
	Form(f"/api/method/{HARMLESS}?cmd={METHOD}", body="data"),
	Form(f"/api/method/{HARMLESS}", body="json", extra=(("cmd", METHOD),)),
	Form("/app/lead", body="data", extra=(("cmd", METHOD),)),
]
# Forms with which Frappe finds no such method
MISSING = [
	Form(f"/?cmd={METHOD}", body="json"),
	Form(f"/api/method/{METHOD.upper()}"),
	Form(f"/API/method/{METHOD}"),
	Form(f"/api/method//{METHOD}"),
	Form("/api/v2/method/lead/get_lead_details"),
	Form("/api/v2/method/LEAD/get_lead_details"),
	Form("/api/v2/method/Lead/GET_LEAD_DETAILS"),
	Form(f"/api/method/%20{METHOD}"),
	Form(f"/?cmd=%20{METHOD}", body="data"),
	Form(f"/?CMD={METHOD}", body="data"),
	Form(f"/?cmd[]={METHOD}", body="data"),
]
TWICE = [
	Form(f"/?cmd={HARMLESS}&cmd={METHOD}", body="data"),
	Form(f"/?cmd={METHOD}&cmd={HARMLESS}", body="data"),
]


@pytest.fixture(scope="module")
def lead(frappe_site: str) -> Any:
	frappe.set_user("Administrator")
	return factories.make_lead(lead_name=factories.make_unique("Canary Lead"))


@pytest.mark.parametrize("form", REACHING, ids=str)
def test_every_path_to_a_method_is_guarded(form: Form, lead: Any, api: Api) -> None:
	allowed = form.send(api("Administrator"), lead.name)
	assert (allowed.status_code, lead.lead_name in allowed.text) == (200, True), allowed.text[:400]
	refused = form.send(api(factories.make_user("Desk User").name), lead.name)
	assert (refused.status_code in REFUSALS, lead.lead_name in refused.text) == (True, False), refused.text[
		:400
	]


@pytest.mark.parametrize("is_administrator", [True, False])
@pytest.mark.parametrize("form", MISSING, ids=str)
def test_path_without_a_method_reveals_nothing(
	form: Form, lead: Any, api: Api, is_administrator: bool
) -> None:
	user = "Administrator" if is_administrator else factories.make_user("Desk User").name
	assert lead.lead_name not in form.send(api(user), lead.name).text


@pytest.mark.parametrize("form", TWICE, ids=str)
def test_two_commands_tell_nothing_to_a_stranger(form: Form, lead: Any, api: Api) -> None:
	assert lead.lead_name not in form.send(api(factories.make_user("Desk User").name), lead.name).text


DOCUMENT_PATHS = [
	("POST", "/api/resource/HD Ticket/{name}", {"run_method": "reply_via_agent", "message": "x"}),
	("GET", "/api/resource/HD Ticket/{name}", {"run_method": "reply_via_agent", "message": "x"}),
	("POST", "/api/v1/resource/HD%20Ticket/{name}/", {"run_method": "reply_via_agent", "message": "x"}),
	("POST", "/api/v2/document/HD Ticket/{name}/method/reply_via_agent", {"message": "x"}),
	("POST", "/api/v2/document/HD Ticket/{name}/method/reply_via_agent/", {"message": "x"}),
	("POST", "/api/v2/document/HD Ticket/{name}/method/reply%5Fvia_agent/", {"message": "x"}),
	(
		"POST",
		"/api/v2/method/run_doc_method",
		{
			"method": "reply_via_agent",
			"document": {"doctype": "HD Ticket", "name": "{name}"},
			"kwargs": {"message": "x"},
		},
	),
]


@pytest.mark.parametrize(("verb", "path", "arguments"), DOCUMENT_PATHS)
def test_methods_of_documents_are_guarded_by_each_route(
	verb: str, path: str, arguments: dict[str, Any], api: Api
) -> None:
	from tests.support import helpdesk

	customer = helpdesk.make_portal_user()
	ticket = helpdesk.make_hd_ticket(raised_by=customer)
	text = frappe.as_json(arguments).replace("{name}", str(ticket.name))
	before = frappe.db.count("Communication")
	values = frappe.parse_json(text)
	reply = api(customer).request(
		verb, path.format(name=ticket.name), **({"params": values} if verb == "GET" else {"json": values})
	)
	assert reply.status_code in REFUSALS, reply.text[:400]
	assert "HD Ticket Comment" in reply.text
	assert frappe.db.count("Communication") == before
