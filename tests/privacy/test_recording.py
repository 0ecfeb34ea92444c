"""When disclosures are logged: with the reply or not at all; in jobs, mails and webhooks; not where the log is off."""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

import frappe

from orchestrator.access import disclosures
from orchestrator.privacy import recording
from tests.api.test_idempotency_kill import WAITING, list_workers, wait_until
from tests.conftest import BENCH, Callers, serve
from tests.privacy.conftest import People
from tests.support import clinic, factories
from tests.support.access_log import LoggedAccess, count_records, get_last_batch, list_accesses
from tests.support.client import Client
from tests.support.helpdesk import capture_queries, override_settings, use_outgoing_account
from tests.support.keys import KeyMaker
from tests.support.webhooks import allow_private_targets, delete_reliable_webhooks, make_webhook

Api = Callable[[str], Client]
READ = "/api/method/frappe.client.get?doctype=Client&name={0}"


@pytest.mark.parametrize(
	"path", [READ, '/api/resource/Client?fields=["full_name"]', "/printview?doctype=Client&name={0}"]
)
def test_nothing_is_logged_where_the_log_is_off(path: str, api: Api, people: People) -> None:
	before = get_last_batch()
	assert api(people.manager).request("GET", path.format(people.names[0])).status_code == 200
	assert list_accesses(before) == []


@pytest.fixture
def broken_log(logged: None) -> Iterator[None]:
	"""The table of the log is gone."""
	frappe.db.sql_ddl("rename table `tabAccess Log Batch` to `gone batch`")
	yield
	frappe.db.sql_ddl("rename table `gone batch` to `tabAccess Log Batch`")


EXPORT = {
	"doctype": "Client",
	"fields": '["`tabClient`.`full_name`"]',
	"file_format_type": "CSV",
	"title": "Client",
}


@pytest.mark.parametrize(
	("verb", "path", "data"),
	[
		("GET", READ, None),
		("GET", "/api/resource/Client/{0}", None),
		("GET", '/api/resource/Client?fields=["full_name"]', None),
		("GET", "/printview?doctype=Client&name={0}", None),
		("POST", "/api/method/frappe.desk.reportview.export_query", EXPORT),
		("GET", "{file}", None),
	],
)
def test_a_reply_whose_entry_cannot_be_written_is_not_given(
	verb: str, path: str, data: Any, api: Api, people: People, broken_log: None
) -> None:
	content = factories.make_unique("chart")
	file = factories.make_record("File", file_name=f"{content}.txt", content=content, is_private=1, attached_to_doctype="Client", attached_to_name=people.names[0])  # fmt: skip
	url = path.format(people.names[0], file=file.file_url)
	reply = api(people.manager).request(verb, url, data=data)
	assert (reply.status_code, reply.json()) == (500, {"exc_type": "InternalServerError"})
	assert "ETag" not in reply.headers and "Content-Disposition" not in reply.headers


def test_what_discloses_nothing_works_without_the_log(api: Api, people: People, broken_log: None) -> None:
	assert api(people.manager).request("GET", "/api/resource/Facility").status_code == 200
	assert api(people.manager).request("GET", "/api/resource/Client/none").status_code == 404


@pytest.mark.usefixtures("logged")
def test_a_process_that_is_killed_before_its_entry_is_written_has_replied_nothing(
	api: Api, people: People, site: str
) -> None:
	before, caller = get_last_batch(), api(people.manager)
	failures: list[Exception] = []

	def send(client: Client) -> None:
		try:
			client.request("GET", READ.format(people.names[0]))
		except requests.ConnectionError as error:
			failures.append(error)

	def is_writing() -> bool:
		return bool(frappe.db.sql(WAITING, (frappe.conf.db_name, "insert into `tabAccess Log Batch`%"))[0][0])

	with serve(site, Path(str(BENCH)) / "sites") as base:
		frappe.db.sql("lock tables `tabAccess Log Batch` read")
		reader = threading.Thread(target=send, args=(Client(base, site, headers=caller.headers),))
		reader.start()
		wait_until(is_writing)
		killed = list_workers(base)[0].pid
		os.kill(killed, signal.SIGKILL)
		reader.join()
		frappe.db.sql("unlock tables")
		wait_until(lambda: list_workers(base) and list_workers(base)[0].pid != killed)
	assert len(failures) == 1
	assert list_accesses(before) == []


@pytest.fixture
def job(logged: None, people: People) -> Iterator[None]:
	"""A job of the manager in this process, as a worker runs it."""
	frappe.set_user(people.manager)
	recording.before_job("orchestrator.tests.job", {})
	yield
	disclosures.set_recorder(None)
	frappe.set_user("Administrator")


def list_clients(people: People) -> list[str]:
	return frappe.get_list("Client", filters={"name": ("in", people.names)}, pluck="full_name")


def test_what_a_job_reads_is_written_with_its_commit(job: None, people: People) -> None:
	before = get_last_batch()
	recording.before_job("orchestrator.tests.job", {})
	assert len(list_clients(people)) == 3
	assert list_accesses(before) == []  # rolled back with the work of the job
	assert len(list_clients(people)) == 3
	list_clients(people)
	frappe.db.commit()
	assert count_records(before, people.manager) == Counter(("Client", name) for name in people.names)
	list_clients(people)
	recording.after_job()
	assert count_records(before, people.manager) == Counter(("Client", name) for name in people.names)


def test_a_job_that_commits_nothing_writes_at_its_end(job: None, people: People) -> None:
	before = get_last_batch()
	list_clients(people)
	recording.after_job()
	assert count_records(before, people.manager) == Counter(("Client", name) for name in people.names)


def test_reads_for_the_app_itself_are_not_disclosures(job: None, people: People) -> None:
	before = get_last_batch()
	frappe.get_all("Client", filters={"name": ("in", people.names)}, pluck="full_name")
	with disclosures.suspend_recording():
		list_clients(people)
	recording.after_job()
	assert list_accesses(before) == []


@pytest.mark.parametrize(
	("fields", "distinct"), [(["full_name"], False), (["name", "full_name"], False), (["full_name"], True)]
)
def test_a_list_costs_at_most_two_statements_more(
	fields: list[str], distinct: bool, people: People, logged: None
) -> None:
	frappe.set_user(people.manager)

	def read_list() -> None:
		frappe.get_list(
			"Client", fields=fields, distinct=distinct, order_by="full_name desc", limit_page_length=500
		)

	read_list()
	with capture_queries() as without:
		read_list()
	recording.before_job("orchestrator.tests.job", {})
	with capture_queries() as with_log:
		read_list()
		assert disclosures.get_recorder().flush()
	frappe.db.rollback()
	disclosures.set_recorder(None)
	assert len(with_log) - len(without) <= 2


@pytest.mark.usefixtures("logged")
def test_a_mail_is_logged_for_each_of_its_recipients(api: Api, people: People) -> None:
	outsider, before = factories.make_unique_email(), get_last_batch()
	with use_outgoing_account():
		reply = api(people.manager).post(
			"frappe.core.doctype.communication.email.make",
			doctype="Client",
			name=people.names[0],
			recipients=f"{outsider}, {people.manager}",
			subject="About a client",
			content="Text",
			send_email=1,
		)
		assert reply.status_code == 200, reply.text
	sent = {(access.user, access.recipient) for access in list_accesses(before) if access.recipient}
	assert sent == {("", outsider), (people.manager, people.manager)}


@pytest.mark.usefixtures("logged")
def test_a_webhook_is_logged_with_the_change_that_it_sends(api: Api, people: People) -> None:
	with allow_private_targets():
		webhook = make_webhook(
			"http://127.0.0.1:9/", webhook_doctype="Client", webhook_json='{"phone": "{{ doc.phone }}"}'
		)
		before = get_last_batch()
		body = {"doctype": "Client", "name": people.names[0], "fieldname": "phone", "value": "555-0199"}
		assert api(people.manager).post("frappe.client.set_value", **body).status_code == 200
		delete_reliable_webhooks()
	assert set(list_accesses(before)) == {
		LoggedAccess("", "Client", people.names[0], "frappe.client.set_value", f"Webhook: {webhook.name}"),
		LoggedAccess(people.manager, "Client", people.names[0], "frappe.client.set_value"),
	}


@pytest.mark.usefixtures("logged")
def test_entries_name_the_api_key(callers: Callers, people: People) -> None:
	key = KeyMaker(callers.api(people.manager)).client(
		doctypes={"Client": ["read"]}, methods=["frappe.client.get"]
	)
	before = get_last_batch()
	assert key.request("GET", READ.format(people.names[0])).status_code == 200
	(access,) = list_accesses(before)
	assert frappe.db.get_value("API Key", access.api_key, "user") == people.manager


def test_a_site_declares_further_doctypes(api: Api, site: str) -> None:
	lead = factories.make_lead()
	user = factories.make_user("Sales User").name
	with override_settings(access_log_enabled=1, logged_doctypes="Lead\n\n  Task "):
		before = get_last_batch()
		assert api(user).request("GET", f"/api/resource/Lead/{lead.name}").status_code == 200
		assert count_records(before, user) == Counter([("Lead", lead.name)])


@pytest.mark.parametrize("name", ["No Such DocType", "Sales Order Item", "System Settings"])
def test_a_doctype_without_records_cannot_be_declared(name: str, site: str) -> None:
	settings = frappe.get_doc("Orchestrator Settings")
	settings.logged_doctypes = name
	with pytest.raises(frappe.ValidationError, match="cannot be logged"):
		settings.save()


@pytest.mark.usefixtures("logged")
def test_linking_a_client_discloses_nothing(api: Api, people: People) -> None:
	user = clinic.make_clinical_user(people.facility, "Clinical User", "Support Team", "Agent")
	before = get_last_batch()
	body = {"doctype": "Issue", "subject": factories.make_unique("Issue"), "client": people.names[0]}
	reply = api(user).post("frappe.client.insert", doc=json.dumps(body))
	assert reply.status_code == 201, reply.text
	assert list_accesses(before) == []


@pytest.mark.usefixtures("logged")
@pytest.mark.parametrize(
	"method",
	["frappe.desk.form.utils.add_comment", "frappe.client.has_permission", "frappe.desk.like.toggle_like"],
)
def test_methods_that_give_nothing_are_not_logged(method: str, api: Api, people: People) -> None:
	values = {
		"frappe.desk.form.utils.add_comment": {
			"reference_doctype": "Client", "reference_name": people.names[0], "content": "Text",
			"comment_email": people.manager, "comment_by": "Manager",
		},
		"frappe.client.has_permission": {"doctype": "Client", "docname": people.names[0]},
		"frappe.desk.like.toggle_like": {"doctype": "Client", "name": people.names[0], "add": "Yes"},
	}  # fmt: skip
	before = get_last_batch()
	reply = api(people.manager).post(method, **values[method])
	assert reply.status_code == 200, reply.text
	if (
		method != "frappe.desk.form.utils.add_comment"
	):  # its reply is the comment, which is a part of the client
		assert list_accesses(before) == []
