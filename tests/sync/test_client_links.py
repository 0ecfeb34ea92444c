"""Links of tickets, tasks, leads and documents to clients."""

from collections.abc import Callable

import pytest

import frappe

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.actions import run_actions
from tests.support import clinic, docs_factories, factories, helpdesk
from tests.support.client import Client, get_data, get_error
from tests.support.kipu_site import make_connection, run_sync, set_loopback_allowed

Api = Callable[[str], Client]
MAKERS = {"Issue": factories.make_issue, "Task": factories.make_task, "Lead": factories.make_lead}
STAFF = ("Support Team", "Projects User", "Sales User")


@pytest.fixture(scope="module")
def client(frappe_site: str) -> str:
	frappe.set_user("Administrator")
	return str(clinic.make_client(clinic.make_connection()).name)


def get_link(doctype: str, name: str) -> str | None:
	frappe.db.rollback()
	return frappe.db.get_value(doctype, name, "client")


@pytest.mark.parametrize("hidden", [True, False])
@pytest.mark.parametrize("doctype", MAKERS)
def test_hidden_and_missing_clients_are_refused_alike(
	api: Api, site: str, doctype: str, hidden: bool
) -> None:
	user = api(factories.make_user(*STAFF).name)
	record = MAKERS[doctype]()
	linked = clinic.make_client(clinic.make_connection()).name if hidden else "CL-UNKNOWN"
	reply = user.request("PUT", f"/api/resource/{doctype}/{record.name}", json={"client": linked})
	assert reply.json()["exc_type"] == "LinkValidationError"
	assert f"Could not find Client: {linked}" in reply.text
	assert not get_link(doctype, record.name)


@pytest.mark.parametrize("doctype", MAKERS)
def test_users_link_clients_that_they_may_read(client: str, api: Api, site: str, doctype: str) -> None:
	user = api(factories.make_user(*STAFF, "Clinical User").name)
	record = MAKERS[doctype]()
	get_data(
		user.post(
			"frappe.client.set_value", doctype=doctype, name=record.name, fieldname="client", value=client
		)
	)
	assert get_link(doctype, record.name) == client
	listed = user.get("frappe.client.get_list", doctype=doctype, filters=f'{{"client":"{client}"}}')
	assert [row["name"] for row in get_data(listed)] == [record.name]


def test_link_stays_when_somebody_else_saves_the_record(client: str, api: Api, site: str) -> None:
	task = factories.make_task(client=client)
	user = factories.make_user("Projects User").name
	assert api(user).request("PUT", f"/api/resource/Task/{task.name}", json={"priority": "High"}).ok
	assert get_link("Task", task.name) == client


def test_agent_without_access_to_clients_splits_a_linked_ticket(client: str, api: Api, site: str) -> None:
	issue = factories.make_issue(client=client)
	issue.add_comment("Comment", "First")
	mail = factories.make_record(
		"Communication",
		communication_type="Communication",
		reference_doctype="Issue",
		reference_name=issue.name,
		content="About two things",
		subject="Two things",
	)
	agent = api(factories.make_user("Support Team").name)
	body = {
		"dt": "Issue",
		"dn": issue.name,
		"method": "split_issue",
		"args": {"subject": "The second thing", "communication_id": mail.name},
	}
	reply = agent.request("POST", "/api/method/run_doc_method", json=body)
	assert reply.ok, reply.text
	frappe.db.rollback()
	assert frappe.db.get_value("Issue", {"issue_split_from": issue.name}, "client") == client


def test_document_is_linked_only_to_a_client_that_the_user_may_read(api: Api, site: str) -> None:
	client = clinic.make_client(clinic.make_connection()).name
	user = factories.make_user("Employee").name
	document = docs_factories.make_document(docs_factories.make_folder(("User", user, "Write")))
	path = f"/api/resource/Document/{document}"
	assert api(user).request("PUT", path, json={"client": client}).json()["exc_type"] == "LinkValidationError"
	frappe.get_doc("User", user).add_roles("Clinical User")
	frappe.db.commit()
	assert api(user).request("PUT", path, json={"client": client}).ok
	assert get_link("Document", document) == client


def test_customer_does_not_link_their_ticket_to_a_client(api: Api, site: str) -> None:
	if not frappe.db.exists("DocType", "HD Ticket"):
		pytest.skip("Helpdesk is not installed")
	client = clinic.make_client(clinic.make_connection()).name
	customer = helpdesk.make_portal_user()
	ticket = helpdesk.make_hd_ticket(raised_by=customer)
	reply = api(customer).request("PUT", f"/api/resource/HD Ticket/{ticket.name}", json={"client": client})
	assert reply.status_code >= 400
	assert not get_link("HD Ticket", ticket.name)


def test_linked_client_is_not_deleted(api: Api, site: str) -> None:
	record = clinic.make_client(clinic.make_connection())
	factories.make_task(client=record.name)
	manager = api(factories.make_user("Clinical Manager").name)
	reply = manager.post("frappe.client.delete", doctype="Client", name=record.name)
	assert get_error(reply) == (409, "LinkExistsError")
	frappe.db.rollback()
	assert frappe.db.exists("Client", record.name)


def test_rollback_keeps_clients_with_linked_records(site: str) -> None:
	with Simulator(3) as kipu, set_loopback_allowed():
		connection = make_connection(kipu)
		run = run_sync(connection)
		clients = frappe.get_all("Client", {"connection": connection}, pluck="name")
		task = factories.make_task(client=clients[0])
		run_actions.roll_back_run(run["run"])
		frappe.db.rollback()
	assert frappe.get_all("Client", {"connection": connection}, pluck="name") == [clients[0]]
	assert get_link("Task", task.name) == clients[0]
