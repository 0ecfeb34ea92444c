"""Subscriptions of dashboards: mails with each recipient's own figures, once."""

import os
import signal
from collections.abc import Callable, Iterator
from email import message_from_string

import pytest

import frappe
from frappe.utils import add_to_date, now_datetime

from orchestrator.insights.subscriptions import jobs, mails
from tests.support import clinic, factories, helpdesk, insights
from tests.support.client import get_data, get_error
from tests.support.keys import KeyMaker
from tests.sync.test_crashes import run_in_process

SUBSCRIBE = "orchestrator.insights.subscriptions.subscribe"
LIST = "orchestrator.insights.subscriptions.list_subscriptions"
UNSUBSCRIBE = "orchestrator.insights.subscriptions.unsubscribe"
TEST = "orchestrator.insights.subscriptions.send_test_mail"
DOCTYPE = "Dashboard Subscription"


@pytest.fixture(autouse=True)
def allowed(site) -> Iterator[None]:
	"""Let the site send dashboards, over an account whose mails stay queued."""
	with helpdesk.override_settings(send_dashboards_by_mail=1), helpdesk.use_outgoing_account():
		yield


@pytest.fixture
def counted(site) -> tuple[str, str]:
	"""Create a dashboard that counts ToDos. Return its name and their note."""
	note = factories.make_unique("note")
	metric = insights.make_metric("Number Card", insights.make_card(note).name, label="Open Notes")
	return insights.make_dashboard(metric, title="Notes"), note


def make_subscription(dashboard: str, *users: str, **values):
	return factories.make_record(
		DOCTYPE,
		dashboard=dashboard,
		recipients=[{"user": user} for user in users],
		**{"frequency": "Daily", "format": "HTML", **values},
	)


def make_due(subscription: str) -> None:
	frappe.db.set_value(DOCTYPE, subscription, "next_send_at", add_to_date(now_datetime(), hours=-1))
	frappe.db.commit()


def send(subscription: str) -> None:
	"""Send a subscription that is due, as the job does."""
	make_due(subscription)
	frappe.db.rollback()
	jobs.send_subscription(subscription)
	frappe.db.rollback()


def list_mails(subscription: str) -> dict[str, list[str]]:
	"""Return the queued messages by recipient."""
	found: dict[str, list[str]] = {}
	for mail in frappe.get_all("Email Queue", {"reference_name": subscription}, ["name", "message"]):
		(recipient,) = frappe.get_all("Email Queue Recipient", {"parent": mail.name}, pluck="recipient")
		found.setdefault(recipient, []).append(mail.message)
	return found


def read_html(message: str) -> str:
	parts = message_from_string(message).walk()
	html = next(part for part in parts if part.get_content_type() == "text/html")
	return html.get_payload(decode=True).decode()


def get_figures(html: str) -> list[str]:
	"""Return label and value of each number of a mail."""
	from lxml import html as parser

	rows = parser.fromstring(html).xpath("//tr[td and not(.//table)]")
	texts = [" ".join(row.text_content().split()) for row in rows]
	return [text for text in texts if text.startswith("Open Notes")]


def get_notifications(user: str, subscription: str) -> list[str]:
	filters = {"for_user": user, "document_name": subscription}
	return frappe.get_all("Notification Log", filters, pluck="subject", order_by="creation asc")


def test_each_recipient_gets_their_own_figures(site, counted):
	dashboard, note = counted
	one, other = insights.make_reader(), insights.make_reader()
	insights.make_todos(3, note, allocated_to=one)
	insights.make_todos(5, note, allocated_to=other)
	name = make_subscription(dashboard, one, other).name
	send(name)
	texts = {user: [read_html(text) for text in texts] for user, texts in list_mails(name).items()}
	assert set(texts) == {one, other}
	assert [get_figures(text) for text in texts[one]] == [["Open Notes 3"]]
	assert [get_figures(text) for text in texts[other]] == [["Open Notes 5"]]


def test_subject_names_the_dashboard_and_no_figure(site, counted):
	dashboard, note = counted
	reader = insights.make_reader()
	insights.make_todos(7, note, allocated_to=reader)
	name = make_subscription(dashboard, reader).name
	send(name)
	(text,) = list_mails(name)[reader]
	assert message_from_string(text)["Subject"] == "Dashboard Notes"
	assert f"/app/metrics/{dashboard}?subscription={name}" in read_html(text)


def test_figures_are_attached_as_pdf(site, counted):
	dashboard, note = counted
	reader = insights.make_reader()
	insights.make_todos(7, note, allocated_to=reader)
	name = make_subscription(dashboard, reader, format="PDF").name
	send(name)
	(text,) = list_mails(name)[reader]
	(pdf,) = [
		part for part in message_from_string(text).walk() if part.get_content_type() == "application/pdf"
	]
	assert pdf.get_filename() == f"{dashboard}.pdf"
	assert read_pdf(pdf.get_payload(decode=True)).split()[-1:] != []
	assert "Open Notes 7" in " ".join(read_pdf(pdf.get_payload(decode=True)).split())
	assert "Open Notes" not in read_html(text)


def read_pdf(content: bytes) -> str:
	from io import BytesIO

	from pypdf import PdfReader

	return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_next_time_is_computed_and_nothing_is_sent_before(site, counted):
	reader = insights.make_reader()
	name = make_subscription(counted[0], reader).name
	send(name)
	assert frappe.db.get_value(DOCTYPE, name, "next_send_at") > now_datetime()
	jobs.send_subscription(name)
	assert len(list_mails(name)[reader]) == 1


def test_disabled_users_and_those_without_permission_are_skipped_and_the_owner_told_once(site):
	metric = insights.make_metric("Number Card", insights.make_card("none").name)
	dashboard = insights.make_dashboard(metric, roles=[{"role": "Support Team"}])
	fit, left, moved = (insights.make_reader("Support Team") for _ in range(3))
	name = make_subscription(dashboard, fit, left, moved).name
	frappe.db.set_value("User", left, "enabled", 0)
	frappe.get_doc("User", moved).remove_roles("Support Team")
	frappe.db.commit()
	send(name)
	assert set(list_mails(name)) == {fit}
	reasons = {
		left: "The user is disabled or missing.",
		moved: "The user may not open the dashboard or the facility.",
	}
	rows = {row.user: row.skipped_because for row in frappe.get_doc(DOCTYPE, name).recipients}
	assert rows == {fit: None, **reasons}
	expected = {
		f"The dashboard <strong>{dashboard}</strong> was not sent to {user}: {reason}"
		for user, reason in reasons.items()
	}
	assert set(get_notifications("Administrator", name)) == expected
	send_again(name)
	assert len(get_notifications("Administrator", name)) == 2


def send_again(name: str) -> None:
	"""Send it for another time."""
	frappe.db.set_value(DOCTYPE, name, "next_send_at", add_to_date(now_datetime(), minutes=-30))
	frappe.db.commit()
	jobs.send_subscription(name)
	frappe.db.rollback()


def test_user_who_may_see_none_of_the_figures_is_skipped(site):
	card = insights.make_card("", document_type="Client", filters_json="[]")
	dashboard = insights.make_dashboard(insights.make_metric("Number Card", card.name))
	reader = insights.make_reader()
	name = make_subscription(dashboard, reader).name
	send(name)
	assert list_mails(name) == {}
	assert (
		frappe.get_doc(DOCTYPE, name).recipients[0].skipped_because == "The user may see none of the figures."
	)


def test_facility_that_a_recipient_may_not_read_is_not_counted_for_them(site):
	here, there = clinic.make_facility().name, clinic.make_facility().name
	open_to_all, limited = clinic.make_clinical_user(), clinic.make_clinical_user(there)
	name = make_subscription("clients_dashboard", open_to_all, limited, facility=here).name
	send(name)
	assert set(list_mails(name)) == {open_to_all}


def test_subscription_of_a_disabled_owner_is_not_sent(site, counted):
	owner = insights.make_reader("Dashboard Manager")
	reader = insights.make_reader()
	name = make_subscription(counted[0], reader).name
	frappe.db.set_value(DOCTYPE, name, "owner", owner)
	frappe.db.set_value("User", owner, "enabled", 0)
	frappe.db.commit()
	send(name)
	assert list_mails(name) == {}


def test_nothing_leaves_a_site_that_does_not_allow_it(api, site, counted):
	reader = insights.make_reader()
	name = make_subscription(counted[0], reader).name
	with helpdesk.override_settings(send_dashboards_by_mail=0):
		make_due(name)
		assert jobs.enqueue_due_subscriptions() == []
		jobs.send_subscription(name)
		assert list_mails(name) == {}
		assert get_error(api().post(TEST, subscription=name)) == (422, "MailDisabledError")
		refused = api(reader).post(SUBSCRIBE, dashboard=counted[0], frequency="Daily")
		assert get_error(refused) == (422, "MailDisabledError")
	assert frappe.db.count(DOCTYPE, {"owner": reader}) == 0


def test_scheduler_queues_what_is_due_once(site, counted):
	due, later, off = (make_subscription(counted[0], insights.make_reader()).name for _ in range(3))
	make_due(due)
	make_due(off)
	frappe.db.set_value(DOCTYPE, off, "enabled", 0)
	frappe.db.commit()
	queued = jobs.enqueue_due_subscriptions()
	assert (due in queued, later in queued, off in queued) == (True, False, False)
	assert due not in jobs.enqueue_due_subscriptions()


def fork(*works: Callable[[], object]) -> list[int]:
	"""Run functions in processes of their own at the same time. Return their statuses."""
	from concurrent.futures import ThreadPoolExecutor

	with ThreadPoolExecutor(len(works)) as pool:
		return [future.result() for future in [pool.submit(run_in_process, work) for work in works]]


def test_worker_that_is_killed_sends_nothing_twice_and_nothing_is_lost(site, counted, monkeypatch):
	readers = [insights.make_reader() for _ in range(3)]
	name = make_subscription(counted[0], *readers).name
	make_due(name)
	queue_mail, sent = mails.queue_mail, []

	def queue_or_die(mail):
		queue_mail(mail)
		sent.append(mail)
		if len(sent) == 2:
			os.kill(os.getpid(), signal.SIGKILL)  # the second mail is in the queue, uncommitted

	monkeypatch.setattr(mails, "queue_mail", queue_or_die)
	assert os.WTERMSIG(run_in_process(lambda: jobs.send_subscription(name))) == signal.SIGKILL
	monkeypatch.undo()
	frappe.db.rollback()
	assert sum(map(len, list_mails(name).values())) == 1
	jobs.send_subscription(name)
	frappe.db.rollback()
	assert {user: len(texts) for user, texts in list_mails(name).items()} == dict.fromkeys(readers, 1)


def test_recipient_who_was_sent_to_meanwhile_gets_no_second_mail(site, counted, monkeypatch):
	"""Another worker sends while this one computes."""
	reader = insights.make_reader()
	name = make_subscription(counted[0], reader).name
	make_due(name)
	build_mail = mails.build_mail

	def build_late(doc, user):
		monkeypatch.setattr(mails, "build_mail", build_mail)
		assert run_in_process(lambda: jobs.send_subscription(name)) == 0
		return build_mail(doc, user)

	monkeypatch.setattr(mails, "build_mail", build_late)
	jobs.send_subscription(name)
	frappe.db.rollback()
	assert len(list_mails(name)[reader]) == 1
	assert frappe.db.count("Dashboard Mail", {"subscription": name}) == 1


def test_failure_for_one_recipient_stops_no_other_and_names_no_value(site, counted, monkeypatch):
	one, other = insights.make_reader(), insights.make_reader()
	name = make_subscription(counted[0], one, other).name
	build_mail = mails.build_mail

	def fail_for_one(doc, user):
		if user == one:
			raise ValueError("Ada Alderbourne")
		return build_mail(doc, user)

	monkeypatch.setattr(mails, "build_mail", fail_for_one)
	send(name)
	assert set(list_mails(name)) == {other}
	logs = frappe.get_all("Error Log", {"method": ("like", f"%{name}%")}, ["method", "error"])
	assert [log.method for log in logs] == [f"Dashboard Subscription {name}: ValueError"]
	assert [log for log in logs if "Alderbourne" in log.error] == []


# Calls


def test_reader_subscribes_themselves_gets_a_test_mail_and_unsubscribes(api, site, counted):
	reader = api(user := insights.make_reader())
	data = get_data(
		reader.post(
			SUBSCRIBE,
			dashboard=counted[0],
			frequency="weekly",
			day_of_week="friday",
			hour="18",
			format="html",
		),
		201,
	)
	due = data["next_send_at"]
	assert data == {
		"subscription": data["subscription"],
		"dashboard": counted[0],
		"owner": user,
		"enabled": True,
		"format": "html",
		"frequency": "Weekly",
		"hour": 18,
		"day_of_week": "Friday",
		"day_of_month": None,
		"period": None,
		"facility": None,
		"next_send_at": due,
		"recipients": [{"user": user, "unsubscribed": False, "last_sent_at": None, "skipped_because": None}],
	}
	assert due.endswith("T18:00:00")
	assert get_data(reader.get(LIST, dashboard=counted[0])) == {
		"is_mail_allowed": True,
		"subscriptions": [data],
	}
	assert get_data(reader.post(TEST, subscription=data["subscription"])) == {"recipient": user}
	frappe.db.rollback()
	assert set(list_mails(data["subscription"])) == {user}
	left = get_data(reader.post(UNSUBSCRIBE, subscription=data["subscription"]))
	assert left["recipients"][0]["unsubscribed"] is True
	frappe.db.rollback()
	send(data["subscription"])
	assert len(list_mails(data["subscription"])[user]) == 1  # the test mail alone


def test_owner_cannot_subscribe_a_recipient_again(api, site, counted):
	owner, user = api(insights.make_reader("Dashboard Manager")), insights.make_reader()
	name = get_data(owner.post(SUBSCRIBE, dashboard=counted[0], frequency="Daily", recipients=[user]), 201)[
		"subscription"
	]
	get_data(api(user).post(UNSUBSCRIBE, subscription=name))
	other = insights.make_reader()
	path = f"/api/resource/{DOCTYPE}/{name}"
	tries = [[{"user": user, "unsubscribed": 0}], [{"user": other}], [{"user": user}, {"user": other}]]
	replies = [owner.request("PUT", path, json={"recipients": rows}).status_code for rows in tries]
	assert replies == [200, 200, 200]
	frappe.db.rollback()
	rows = {row.user: row.unsubscribed for row in frappe.get_doc(DOCTYPE, name).recipients}
	assert rows == {user: 1, other: 0}


def test_owner_cannot_choose_the_next_time_and_may_disable_it_where_mails_are_not_allowed(api, site, counted):
	owner = api(insights.make_reader())
	data = get_data(owner.post(SUBSCRIBE, dashboard=counted[0], frequency="Daily"), 201)
	path = f"/api/resource/{DOCTYPE}/{data['subscription']}"
	assert owner.request("PUT", path, json={"next_send_at": "2001-01-01 00:00:00"}).status_code == 200
	with helpdesk.override_settings(send_dashboards_by_mail=0):
		assert owner.request("PUT", path, json={"enabled": 0}).status_code == 200
		assert owner.request("PUT", path, json={"enabled": 1}).status_code == 417
	frappe.db.rollback()
	doc = frappe.get_doc(DOCTYPE, data["subscription"])
	assert (doc.enabled, doc.next_send_at > now_datetime()) == (0, True)


def test_recipients_see_their_own_entry_alone_and_change_nothing(api, site, counted):
	one, other = insights.make_reader(), insights.make_reader()
	name = make_subscription(counted[0], one, other).name
	(shown,) = get_data(api(one).get(LIST))["subscriptions"]
	assert [row["user"] for row in shown["recipients"]] == [one]
	path = f"/api/resource/{DOCTYPE}/{name}"
	changed = api(one).request("PUT", path, json={"hour": 3}).status_code
	deleted = api(one).request("DELETE", path).status_code
	assert {changed, deleted} <= {403, 404}
	frappe.db.rollback()
	assert frappe.db.get_value(DOCTYPE, name, "hour") == 7


@pytest.mark.parametrize("method", [TEST, UNSUBSCRIBE])
def test_strangers_find_no_subscription(api, guest, site, counted, method):
	name = make_subscription(counted[0], insights.make_reader()).name
	stranger = api(insights.make_reader("Dashboard Manager"))
	assert get_error(stranger.post(method, subscription=name)) == (404, "DoesNotExistError")
	assert get_error(stranger.post(method, subscription="none")) == (404, "DoesNotExistError")
	assert get_error(guest.post(method, subscription=name)) == (401, "AuthenticationError")
	assert stranger.get("frappe.client.get_list", doctype=DOCTYPE).json()["data"] == []
	frappe.db.rollback()
	assert list_mails(name) == {}


def test_key_with_a_scope_cannot_subscribe(api, site, counted):
	"""Later mails would tell what the key may not read."""
	user = insights.make_reader()
	rights = {DOCTYPE: ["read", "create"], "Orchestrator Dashboard": ["read"], "User": ["read"]}
	key = KeyMaker(api(user)).client(doctypes=rights, methods=["orchestrator.insights.*"])
	assert get_error(key.post(SUBSCRIBE, dashboard=counted[0], frequency="Daily")) == (403, "PermissionError")
	frappe.db.rollback()
	assert frappe.db.count(DOCTYPE, {"owner": user}) == 0


@pytest.mark.parametrize(
	("values", "expected"),
	[
		({"frequency": "Hourly"}, (400, "InvalidRequestError")),
		({"hour": 24}, (400, "InvalidRequestError")),
		({"hour": -1}, (400, "InvalidRequestError")),
		({"hour": "noon"}, (400, "InvalidRequestError")),
		({"frequency": "Monthly", "day_of_month": 32}, (400, "InvalidRequestError")),
		({"day_of_week": "Someday"}, (400, "InvalidRequestError")),
		({"format": "docx"}, (400, "InvalidRequestError")),
		({"period": "Next Week"}, (400, "InvalidRequestError")),
		({"recipients": {"user": "x"}}, (400, "InvalidRequestError")),
		({"recipients": ["Administrator"]}, (403, "PermissionError")),
		({"dashboard": "sales_dashboard"}, (404, "DoesNotExistError")),
		({"dashboard": "nowhere"}, (404, "DoesNotExistError")),
		({"facility": "nowhere"}, (403, "PermissionError")),
	],
)
def test_malformed_subscriptions_are_refused_and_not_stored(api, site, counted, values, expected):
	user = insights.make_reader()
	body = {"dashboard": counted[0], "frequency": "Daily", **values}
	assert get_error(api(user).post(SUBSCRIBE, **body)) == expected
	frappe.db.rollback()
	assert frappe.db.count(DOCTYPE, {"owner": user}) == 0


@pytest.mark.parametrize("enabled", [0, 1])
def test_manager_cannot_subscribe_who_may_not_open_the_dashboard(api, site, enabled):
	metric = insights.make_metric("Number Card", insights.make_card("none").name)
	dashboard = insights.make_dashboard(metric, roles=[{"role": "Dashboard Manager"}])
	user = factories.make_user("Newsletter Manager", enabled=enabled).name
	reply = api().post(SUBSCRIBE, dashboard=dashboard, frequency="Daily", recipients=[user])
	assert get_error(reply) == (422, "InvalidRecipientError")


def test_deleted_user_takes_their_subscriptions_along(site, counted):
	owner, user = insights.make_reader(), insights.make_reader()
	own = make_subscription(counted[0], owner).name
	frappe.db.set_value(DOCTYPE, own, "owner", owner)
	shared = make_subscription(counted[0], owner, user).name
	frappe.delete_doc("User", owner, force=True)
	frappe.db.commit()
	assert not frappe.db.exists(DOCTYPE, own)
	assert [row.user for row in frappe.get_doc(DOCTYPE, shared).recipients] == [user]


def test_old_mails_are_forgotten(site, counted):
	reader = insights.make_reader()
	name = make_subscription(counted[0], reader).name
	send(name)
	frappe.db.set_value("Dashboard Mail", {"subscription": name}, "due_at", "2001-01-01")
	jobs.delete_old_mails()
	assert frappe.db.count("Dashboard Mail", {"subscription": name}) == 0
