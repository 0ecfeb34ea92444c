"""The record of disclosures to recipients outside: written with the log, changed by nobody, and accounted for by client."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe
from frappe.utils import add_days, nowdate

from orchestrator.access import disclosures
from orchestrator.api import webhook_jobs
from orchestrator.insights.reports import report_schedules
from orchestrator.privacy import recording
from orchestrator.privacy.sealing import get_today
from tests.privacy.conftest import People
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.consents import Outsider, list_disclosures, make_consent
from tests.support.helpdesk import use_outgoing_account
from tests.support.webhooks import (
	allow_private_targets,
	delete_reliable_webhooks,
	make_webhook,
	run_receiver,
)

pytestmark = pytest.mark.usefixtures("consents_required")
Api = Callable[[str], Client]
READ = "/api/method/frappe.client.get?doctype=Client&name={0}"
CALL = "orchestrator.privacy.get_disclosures"
REPORT = "Accounting of Disclosures"


@pytest.fixture
def officer(api: Api) -> Client:
	return api(factories.make_user("Privacy Officer").name)


def disclose(outsider: Outsider, client: str) -> str:
	"""Have a client disclosed. Return the consent."""
	consent = make_consent(client, outsider)
	assert outsider.client.request("GET", READ.format(client)).status_code == 200
	return str(consent.name)


def test_an_accounting_lists_the_disclosures_of_a_client(
	outsider: Outsider, people: People, officer: Client
) -> None:
	consent = disclose(outsider, people.names[0])
	data = get_data(officer.get(CALL, client=people.names[0], limit=1))
	(entry,) = data["disclosures"]
	assert entry.pop("disclosed_at").startswith(str(get_today())[:8])
	assert entry == {
		"recipient": outsider.name,
		"purpose": "Legal Proceeding",
		"allowed_by": "Consent",
		"consent": consent,
		"information": "demographics",
		"doctype": "Client",
		"name": people.names[0],
		"route": "frappe.client.get",
	}


def test_pages_of_an_accounting_have_each_disclosure_once(
	outsider: Outsider, people: People, officer: Client
) -> None:
	disclose(outsider, people.names[1])
	for _number in range(3):
		outsider.client.request("GET", READ.format(people.names[1]))
	found: list[Any] = []
	cursor = None
	while True:
		page = get_data(
			officer.get(CALL, client=people.names[1], limit=2, **({"cursor": cursor} if cursor else {}))
		)
		found += [entry for entry in page["disclosures"] if entry["recipient"] == outsider.name]
		cursor = page["next_cursor"]
		if not cursor:
			break
	assert len(found) == 4
	assert found == sorted(found, key=lambda entry: entry["disclosed_at"], reverse=True)


def test_a_range_of_days_bounds_an_accounting(outsider: Outsider, people: People, officer: Client) -> None:
	disclose(outsider, people.names[2])
	before = str(add_days(get_today(), -2))
	page = get_data(officer.get(CALL, client=people.names[2], from_date="2020-01-01", to_date="2021-01-01"))
	assert page == {"disclosures": [], "next_cursor": None}
	page = get_data(officer.get(CALL, client=people.names[2], from_date=before))
	assert outsider.name in {entry["recipient"] for entry in page["disclosures"]}


@pytest.mark.parametrize(
	"values",
	[
		{"from_date": "2020-01-01", "to_date": "2024-01-01"},
		{"from_date": "2024-01-02", "to_date": "2024-01-01"},
		{"from_date": "yesterday"},
		{"limit": 0},
		{"cursor": "none"},
	],
)
def test_a_malformed_accounting_is_refused(values: dict[str, Any], people: People, officer: Client) -> None:
	assert get_error(officer.get(CALL, client=people.names[0], **values)) == (400, "InvalidRequestError")


def test_only_privacy_officers_account(people: People, api: Api, guest: Client) -> None:
	reply = api(people.manager).get(CALL, client=people.names[0])
	assert get_error(reply) == (403, "PermissionError")
	assert guest.get(CALL, client=people.names[0]).status_code in (401, 403)
	reply = api(people.manager).get("frappe.desk.query_report.run", report_name=REPORT, filters="{}")
	assert reply.status_code == 403


def test_the_report_is_an_accounting(outsider: Outsider, people: People, officer: Client) -> None:
	consent = disclose(outsider, people.names[0])
	filters = json.dumps({"client": people.names[0]})
	reply = officer.get("frappe.desk.query_report.run", report_name=REPORT, filters=filters)
	assert reply.status_code == 200, reply.text
	rows = [row for row in reply.json()["message"]["result"] if row["recipient"] == outsider.name]
	assert [(row["consent"], row["reference_name"], row["basis"]) for row in rows] == [
		(consent, people.names[0], "Consent")
	]


def test_the_report_is_printed_as_a_pdf(outsider: Outsider, people: People, officer: Client) -> None:
	disclose(outsider, people.names[0])
	body = {"report_name": REPORT, "format": "pdf", "filters": {"client": people.names[0]}}
	data = get_data(officer.post("orchestrator.insights.generate_report", **body), 200)
	content = officer.request("GET", data["file_url"]).content
	assert content.startswith(b"%PDF")


def test_the_report_needs_a_client(officer: Client) -> None:
	reply = officer.get("frappe.desk.query_report.run", report_name=REPORT, filters="{}")
	assert reply.status_code >= 400


@pytest.mark.parametrize(
	("verb", "path", "values"),
	[
		("PUT", "/api/resource/Disclosure/{0}", {"purpose": "Research"}),
		("DELETE", "/api/resource/Disclosure/{0}", {}),
		("POST", "/api/resource/Disclosure", {"client": "CL-1"}),
		("PUT", "/api/v2/document/Disclosure/{0}", {"purpose": "Research"}),
	],
)
def test_nobody_changes_a_disclosure(
	verb: str, path: str, values: dict[str, Any], outsider: Outsider, people: People, api: Api
) -> None:
	disclose(outsider, people.names[0])
	frappe.db.rollback()
	before = frappe.db.sql("select * from `tabDisclosure` order by name")
	name = frappe.db.get_value("Disclosure", {"recipient": outsider.name})
	reply = api("Administrator").request(verb, path.format(name), json=values)
	frappe.db.rollback()
	assert (reply.status_code >= 400, frappe.db.sql("select * from `tabDisclosure` order by name")) == (
		True,
		before,
	)


def test_a_disclosure_that_cannot_be_recorded_is_not_made(outsider: Outsider, people: People) -> None:
	make_consent(people.names[0], outsider)
	frappe.db.sql_ddl("rename table `tabDisclosure` to `gone disclosure`")
	try:
		reply = outsider.client.request("GET", READ.format(people.names[0]))
	finally:
		frappe.db.sql_ddl("rename table `gone disclosure` to `tabDisclosure`")
	assert (reply.status_code, reply.json()) == (500, {"exc_type": "InternalServerError"})


def make_outside_webhook(url: str, **values: Any) -> Any:
	return make_webhook(
		url,
		webhook_doctype="Client",
		webhook_json='{"phone": "{{ doc.phone }}"}',
		**{
			"reliable_delivery": 1,
			"is_outside_recipient": 1,
			"recipient_name": factories.make_unique("Health Plan"),
			"recipient_purpose": "Payment",
			**values,
		},
	)


@pytest.fixture
def no_webhooks_left(site: str) -> Iterator[None]:
	yield
	frappe.db.rollback()
	for name in frappe.get_all("Client Consent", {"docstatus": 1, "recipient_kind": "Webhook"}, pluck="name"):
		frappe.get_doc("Client Consent", name).cancel()
	frappe.db.commit()
	delete_reliable_webhooks()


def make_webhook_consent(client: str, target: Outsider, webhook: str, **values: Any) -> Any:
	return make_consent(
		client, target, recipient_kind="Webhook", recipient_name=None, webhook=webhook, **values
	)


def change_phone(caller: Client, client: str, phone: str) -> None:
	body = {"doctype": "Client", "name": client, "fieldname": "phone", "value": phone}
	assert caller.post("frappe.client.set_value", **body).status_code == 200


@pytest.mark.usefixtures("no_webhooks_left")
def test_a_webhook_outside_sends_covered_records_alone(people: People, api: Api) -> None:
	with allow_private_targets(), run_receiver() as receiver:
		webhook = make_outside_webhook(receiver.url)
		target = Outsider("", webhook.recipient_name, "", "Payment", api("Administrator"))
		consent = make_webhook_consent(people.names[0], target, webhook.name)
		change_phone(api(people.manager), people.names[0], "555-0301")
		change_phone(api(people.manager), people.names[1], "555-0302")
		frappe.db.rollback()
		webhook_jobs.deliver_webhook(webhook.name)
	(sent,) = receiver.received
	assert sent.body == {"phone": "555-0301"}
	assert sent.headers["x-orchestrator-notice"].startswith("42 CFR part 2")
	assert list_disclosures(target) == [("Client", people.names[0], consent.name)]


@pytest.mark.usefixtures("no_webhooks_left")
def test_a_webhook_outside_sends_nothing_after_a_revocation(people: People, api: Api) -> None:
	with allow_private_targets(), run_receiver() as receiver:
		webhook = make_outside_webhook(receiver.url)
		consent = make_consent(
			people.names[0], Outsider("", webhook.recipient_name, "", "Payment", api("Administrator"))
		)
		change_phone(api(people.manager), people.names[0], "555-0303")
		consent.cancel()
		frappe.db.commit()
		webhook_jobs.deliver_webhook(webhook.name)
		status = frappe.db.get_value("Webhook Delivery", {"webhook": webhook.name}, ["status", "last_error"])
	assert (receiver.received, status) == ([], ("Failed", "MissingConsent"))


@pytest.mark.usefixtures("no_webhooks_left")
def test_a_webhook_that_clients_consent_to_is_not_deleted(people: People, api: Api) -> None:
	"""Another webhook of its name would get what they consented to send to this one."""
	administrator = api("Administrator")
	webhook = make_outside_webhook("https://1.1.1.1/hook")
	target = Outsider("", webhook.recipient_name, "", "Payment", administrator)
	make_webhook_consent(people.names[0], target, webhook.name, valid_until=add_days(nowdate(), -1))
	in_force = make_webhook_consent(people.names[1], target, webhook.name, valid_until=nowdate())

	def delete() -> int:
		return administrator.post("frappe.client.delete", doctype="Webhook", name=webhook.name).status_code

	assert delete() == 409
	assert administrator.request("DELETE", f"/api/resource/Webhook/{webhook.name}").status_code == 417
	frappe.db.rollback()
	with pytest.raises(frappe.LinkExistsError):
		frappe.delete_doc("Webhook", webhook.name, force=True)
	in_force.cancel()
	frappe.db.commit()
	assert delete() == 200


@pytest.mark.parametrize(
	"values", [{"reliable_delivery": 0}, {"recipient_name": ""}, {"recipient_purpose": ""}]
)
def test_a_webhook_outside_is_described_and_reliable(values: dict[str, Any]) -> None:
	with pytest.raises(frappe.ValidationError):
		make_outside_webhook("https://1.1.1.1/hook", **values)


def test_old_disclosures_are_listed_by_their_day(people: People, officer: Client, outsider: Outsider) -> None:
	disclose(outsider, people.names[0])
	frappe.db.sql(
		"update `tabDisclosure` set disclosed_at = %s where recipient = %s",
		(f"{add_days(nowdate(), -400)} 12:00:00", outsider.name),
	)
	frappe.db.commit()
	pages = [
		get_data(officer.get(CALL, client=people.names[0], limit=500, **values))["disclosures"]
		for values in ({}, {"from_date": str(add_days(nowdate(), -300))})
	]
	assert [outsider.name in {entry["recipient"] for entry in page} for page in pages] == [True, False]


@pytest.fixture
def report(people: People) -> str:
	"""Return a report of the Report Builder: the clients of the facility with their last names."""
	columns = json.dumps({"fields": [["name", "Client"], ["last_name", "Client"]], "filters": []})
	return str(
		factories.make_record(
			"Report",
			report_name=factories.make_unique("Clients"),
			ref_doctype="Client",
			report_type="Report Builder",
			is_standard="No",
			json=columns,
		).name
	)


def make_schedule(report: str, user: str, **values: Any) -> Any:
	return factories.make_record(
		"Auto Email Report",
		**{
			"report": report,
			"report_type": frappe.db.get_value("Report", report, "report_type"),
			"user": user,
			"email_to": factories.make_unique_email("plan"),
			"format": "HTML",
			"frequency": "Daily",
			"is_outside_recipient": 1,
			"recipient_name": factories.make_unique("Health Plan"),
			"recipient_purpose": "Payment",
			**values,
		},
	)


def test_a_report_is_mailed_outside_with_covered_records_alone(
	report: str, people: People, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
	schedule = make_schedule(report, people.manager)
	target = Outsider("", schedule.recipient_name, "", "Payment", api("Administrator"))
	consent = make_consent(people.names[1], target)
	# in a test, Frappe queues the mail at once and not by another job
	monkeypatch.setitem(frappe.flags, "in_test", True)
	monkeypatch.setattr(frappe, "in_test", True, raising=False)  # where Frappe 16 has it
	monkeypatch.setitem(frappe.flags, "mute_emails", False)
	recording.before_job("orchestrator.tests.job", {})
	try:
		with use_outgoing_account():
			report_schedules._send_as_user(schedule.name)
			frappe.db.commit()
			mail = frappe.get_last_doc("Email Queue", {"reference_name": schedule.name})
	finally:
		disclosures.set_recorder(None)
		frappe.set_user("Administrator")
	content = frappe.safe_decode(mail.message)
	assert [client.name for client in people.clients if client.last_name in content] == [people.names[1]]
	assert "42 CFR part 2 prohibits" in content.replace("=\n", "")
	assert list_disclosures(target) == [("Client", people.names[1], consent.name)]


@pytest.mark.parametrize(
	"values", [{"recipient_name": ""}, {"recipient_purpose": ""}, {"report": "Client Census"}]
)
def test_a_report_mailed_outside_is_described_and_a_list(values: dict[str, Any], report: str) -> None:
	with pytest.raises(frappe.ValidationError):
		make_schedule(**{"report": report, "user": "Administrator", **values})
