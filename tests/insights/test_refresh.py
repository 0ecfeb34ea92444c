"""refresh_metrics, background jobs, the history of metrics, and alerts."""

import json
import threading

import pytest

import frappe
from frappe.utils import add_days, today

from orchestrator.api import webhook_jobs
from orchestrator.doctypes import METRIC_VALUE
from orchestrator.insights.dashboards import history, jobs
from tests.support import factories, helpdesk, insights, webhooks
from tests.support.client import get_error
from tests.support.insights import GET, HISTORY, REFRESH


@pytest.fixture
def counted(site):
	"""Return a note, and a dashboard with a metric that counts its ToDos as Administrator, shared with the
	support team.
	"""
	note = factories.make_unique("Note")
	metric = insights.make_shared_metric(note)
	return note, metric, insights.make_dashboard(metric)


def test_only_the_items_asked_for_are_computed_and_answered(api, site):
	first, second = insights.make_random_metric(), insights.make_random_metric()
	client, name = api(), insights.make_dashboard(first, second)
	before = client.get(GET, dashboard=name)
	reply = client.post(REFRESH, dashboard=name, items=[second.name])
	assert [item["name"] for item in reply.json()["data"]["items"]] == [second.name]
	after = client.get(GET, dashboard=name)
	assert insights.get_value(after, first.name) == insights.get_value(before, first.name)
	assert insights.get_value(after, second.name) == insights.get_value(reply, second.name)
	assert insights.get_value(after, second.name) != insights.get_value(before, second.name)


def test_ten_callers_at_once_get_one_computation(site):
	metric = insights.make_random_metric(seconds=0.7)
	name = insights.make_dashboard(metric)
	found, ready = [], threading.Barrier(10)

	def ask() -> None:
		from orchestrator.insights import refresh_metrics

		frappe.init(site=site, sites_path=".")
		frappe.connect()
		try:
			ready.wait(timeout=30)
			(item,) = refresh_metrics(dashboard=name)["items"]
			found.append((item["value"], item["error"]))
		finally:
			frappe.destroy()

	callers = [threading.Thread(target=ask) for _ in range(10)]
	for caller in callers:
		caller.start()
	for caller in callers:
		caller.join(timeout=60)
	assert len(found) == 10
	assert len({value for value, _error in found}) == 1
	assert found[0][1] is None


def test_the_next_caller_after_them_gets_a_new_one(api, site):
	metric = insights.make_random_metric()
	client, name = api(), insights.make_dashboard(metric)
	values = {insights.get_value(client.post(REFRESH, dashboard=name), metric.name) for _ in range(3)}
	assert len(values) == 3


def test_slow_item_is_computed_by_a_job_as_the_caller(api, worker):
	note, reader = factories.make_unique("Note"), insights.make_reader()
	insights.make_todos(2, note, allocated_to=reader)
	insights.make_todos(1, note)
	slow = insights.make_metric("Number Card", insights.make_card(note).name)
	client, name = api(reader), insights.make_dashboard(slow)
	assert insights.get_value(client.get(GET, dashboard=name), slow.name) == 2
	frappe.set_user(reader)
	scope = insights.scopes.build_caller_scope()
	frappe.set_user("Administrator")
	insights.rewrite_snapshot(name, scope, seconds=5)
	insights.make_todos(3, note, allocated_to=reader)
	reply = client.post(REFRESH, dashboard=name)
	assert reply.json()["data"]["queued"] == [slow.name]
	waiting = insights.get_item(reply, slow.name)
	assert (waiting["value"], waiting["stale"]) == (2, True)
	worker()
	assert insights.get_value(client.get(GET, dashboard=name), slow.name) == 5


def test_realtime_event_names_the_refreshed_items_without_values(api, site, counted):
	note, metric, name = counted
	insights.make_todos(4, note)
	with listening() as heard:
		api().post(REFRESH, dashboard=name)
	messages = [message for message in heard() if message["event"] == jobs.EVENT]
	assert [message["message"] for message in messages] == [{"dashboard": name, "items": [metric.name]}]
	assert messages[0]["room"] == f"doc:Orchestrator Dashboard/{name}"


def test_what_one_reader_has_refreshed_is_new_for_the_others_too_when_their_page_asks(api, site):
	note, reader, other = factories.make_unique("Note"), insights.make_reader(), insights.make_reader()
	refreshed, left_alone = (
		insights.make_metric("Number Card", insights.make_card(note).name) for _ in range(2)
	)
	name = insights.make_dashboard(refreshed, left_alone)
	insights.make_todos(1, note, allocated_to=reader)
	assert insights.get_value(api(reader).get(GET, dashboard=name), refreshed.name) == 1
	insights.make_todos(1, note, allocated_to=reader)
	api(other).post(REFRESH, dashboard=name, items=[refreshed.name])
	reply = api(reader).get(GET, dashboard=name)
	assert [insights.get_value(reply, metric.name) for metric in (refreshed, left_alone)] == [2, 1]


def test_slow_caller_scoped_value_is_returned_as_stale(api, site):
	note, reader, other = factories.make_unique("Note"), insights.make_reader(), insights.make_reader()
	metric = insights.make_metric("Number Card", insights.make_card(note).name)
	name = insights.make_dashboard(metric)
	assert insights.get_value(api(reader).get(GET, dashboard=name), metric.name) == 0
	frappe.set_user(reader)
	scope = insights.scopes.build_caller_scope()
	frappe.set_user("Administrator")
	insights.rewrite_snapshot(name, scope, seconds=5)
	insights.make_todos(1, note, allocated_to=reader)
	api(other).post(REFRESH, dashboard=name)
	found = insights.get_item(api(reader).get(GET, dashboard=name), metric.name)
	assert (found["value"], found["stale"]) == (0, True)


def test_a_read_after_a_refresh_returns_the_refreshed_value(api, site):
	metric = insights.make_random_metric()
	client, name = api(), insights.make_dashboard(metric)
	refreshed = insights.get_value(client.post(REFRESH, dashboard=name), metric.name)
	assert insights.get_value(client.get(GET, dashboard=name), metric.name) == refreshed


class listening:  # noqa: N801
	"""Messages that the site publishes for browsers in the meantime."""

	def __enter__(self):
		from frappe.utils.background_jobs import get_redis_connection_without_auth

		self.channel = get_redis_connection_without_auth().pubsub()
		self.channel.subscribe("events")
		assert self.channel.get_message(timeout=5)["type"] == "subscribe"
		return self.heard

	def __exit__(self, *_error):
		self.messages = []
		while message := self.channel.get_message(timeout=0.5):
			self.messages.append(json.loads(message["data"]))
		self.channel.close()

	def heard(self):
		return self.messages


# History of metrics


def test_a_value_computed_for_a_read_is_written_down_as_the_point_of_the_day(api, site, counted):
	note, metric, name = counted
	insights.make_todos(1, note)
	client = api(factories.make_user("Support Team").name)
	client.get(GET, dashboard=name)
	insights.record_history()
	insights.make_todos(1, note)
	client.post(REFRESH, dashboard=name)
	insights.record_history()
	reply = client.get(HISTORY, dashboard=name, metric=metric.name)
	assert reply.json()["data"] == {
		"name": metric.name,
		"label": "Things",
		"unit": None,
		"points": [{"day": today(), "value": 2}],
	}


def make_history_point(metric: str, owner: str, days_ago: int, value: float) -> None:
	day = str(add_days(today(), -days_ago))
	history.upsert_points([history.MetricNote(metric, owner, day, value, None, f"{day} 12:00:00")])
	frappe.db.commit()


@pytest.mark.parametrize(
	("compare_with", "previous"), [("Previous Day", 8), ("Previous Week", 5), ("Previous Month", 4)]
)
def test_a_number_is_compared_with_its_earlier_value(api, site, compare_with, previous):
	note = factories.make_unique("Note")
	insights.make_todos(10, note)
	metric = insights.make_metric("Number Card", insights.make_card(note).name, compare_with=compare_with)
	for days_ago, value in ((1, 8), (9, 5), (40, 4)):
		make_history_point(metric.name, "Administrator", days_ago, value)
	found = insights.get_item(api().get(GET, dashboard=insights.make_dashboard(metric)), metric.name)
	assert (found["previous"], found["change"]) == (previous, 10 - previous)
	assert found["change_percent"] == round((10 - previous) / previous * 100, 2)


def test_a_users_history_is_their_own(api, site):
	metric = insights.make_metric("Number Card", insights.make_card(factories.make_unique("Note")).name)
	name, reader = insights.make_dashboard(metric), insights.make_reader()
	make_history_point(metric.name, "Administrator", 1, 99)
	make_history_point(metric.name, reader, 1, 7)
	points = api(reader).get(HISTORY, dashboard=name, metric=metric.name).json()["data"]["points"]
	assert points == [{"day": str(add_days(today(), -1)), "value": 7}]
	assert insights.get_item(api(reader).get(GET, dashboard=name), metric.name)["previous"] == 7


def test_history_is_deleted_after_two_years_and_with_its_metric(site):
	metric = insights.make_metric("Number Card", insights.make_card(factories.make_unique("Note")).name)
	for days_ago in (729, 731):
		make_history_point(metric.name, "", days_ago, 1)
	history.delete_expired_points()
	assert frappe.db.count(METRIC_VALUE, {"metric": metric.name}) == 1
	frappe.delete_doc("Orchestrator Metric", metric.name)
	assert frappe.db.count(METRIC_VALUE, {"metric": metric.name}) == 0


def test_a_value_that_cannot_be_written_down_does_not_stop_the_others(site):
	names = [insights.make_unique_name("metric") for _ in range(2)]
	day = today()
	history.upsert_points(
		[
			history.MetricNote(names[0], "", day, None, None, f"{day} 12:00:00"),  # type: ignore[arg-type]
			history.MetricNote(names[1], "", day, 3, None, f"{day} 12:00:00"),
		]
	)
	assert [history.get_latest(name, "") for name in names] == [None, 3]


def test_notes_of_a_run_that_broke_are_written_by_the_next(site, counted, monkeypatch):
	from orchestrator.insights import get_dashboard

	_note, metric, name = counted
	get_dashboard(dashboard=name)
	monkeypatch.setattr(history, "upsert_points", lambda _notes: 1 / 0)
	with pytest.raises(ZeroDivisionError):
		insights.record_history()
	monkeypatch.undo()
	insights.record_history()
	assert history.get_latest(metric.name, "") == 0


# The refresh of dashboards


def test_a_due_dashboard_is_refreshed_for_its_readers(api, site):
	note, reader = factories.make_unique("Note"), insights.make_reader()
	metric = insights.make_metric("Number Card", insights.make_card(note).name)
	name = insights.make_dashboard(metric, refresh_minutes=30)
	assert insights.get_value(api(reader).get(GET, dashboard=name), metric.name) == 0
	insights.record_history()
	insights.make_todos(2, note, allocated_to=reader)
	assert name in jobs.refresh_due_dashboards()
	assert name not in jobs.refresh_due_dashboards()
	jobs.refresh_dashboard(name)
	frappe.db.rollback()
	assert insights.get_value(api(reader).get(GET, dashboard=name), metric.name) == 2
	assert history.get_latest(metric.name, reader) == 2


def test_a_dashboard_that_is_off_or_refreshed_by_hand_is_left_alone(site):
	metric = insights.make_metric("Number Card", insights.make_card(factories.make_unique("Note")).name)
	by_hand = insights.make_dashboard(metric)
	off = insights.make_dashboard(metric, refresh_minutes=5, disabled=1)
	assert {by_hand, off}.isdisjoint(jobs.refresh_due_dashboards())


# Alerts


def build_alert(**values):
	return {"condition": "At or above", "threshold": 2, **values}


def set_alerts(metric, *alerts):
	metric.reload()
	metric.set("alerts", list(alerts))
	metric.save()
	frappe.db.commit()


def compute_and_record(name):
	from orchestrator.insights import refresh_metrics

	refresh_metrics(dashboard=name)
	frappe.db.commit()
	insights.record_history()


def test_alert_is_sent_once_per_threshold_crossing(site, counted):
	note, metric, name = counted
	told = factories.make_user("Support Team").name
	set_alerts(metric, build_alert(user=told))
	(first,) = insights.make_todos(1, note)
	compute_and_record(name)
	assert insights.list_notifications(told, metric.name) == []
	insights.make_todos(1, note)
	for _ in range(2):
		compute_and_record(name)
	assert insights.list_notifications(told, metric.name) == ["Things is 2: it has reached 2."]
	frappe.delete_doc("ToDo", first)
	frappe.db.commit()
	compute_and_record(name)
	insights.make_todos(2, note)
	compute_and_record(name)
	assert insights.list_notifications(told, metric.name) == [
		"Things is 2: it has reached 2.",
		"Things is 3: it has reached 2.",
	]


def test_alert_reaches_a_webhook_without_a_value(site, counted):
	note, metric, name = counted
	set_alerts(metric, build_alert(user=frappe.session.user))
	with webhooks.run_receiver() as receiver, helpdesk.override_settings(allow_private_webhook_targets=1):
		values = {"webhook_doctype": "Metric Alert Event", "webhook_docevent": "after_insert"}
		webhook = webhooks.make_webhook(receiver.url, thin_body=1, public_target_only=0, **values)
		insights.make_todos(2, note)
		compute_and_record(name)
		compute_and_record(name)
		webhook_jobs.deliver_webhook(webhook.name)
		webhook.delete()
		frappe.db.commit()
	(event,) = frappe.get_all("Metric Alert Event", {"metric": metric.name}, ["name", "threshold", "user"])
	assert (event.threshold, event.user) == (2, None)  # a shared figure
	(request,) = [each for each in receiver.received if each.body["name"] == event.name]
	assert {**request.body, "timestamp": None} == {
		"event": "after_insert",
		"doctype": "Metric Alert Event",
		"name": event.name,
		"timestamp": None,
		"changed_fields": [],
	}


def test_an_alert_below_a_threshold_falls(site, counted):
	note, metric, name = counted
	told = factories.make_user("Support Team").name
	set_alerts(metric, build_alert(user=told, condition="At or below", threshold=0))
	(only,) = insights.make_todos(1, note)
	compute_and_record(name)
	assert insights.list_notifications(told, metric.name) == []
	frappe.delete_doc("ToDo", only)
	frappe.db.commit()
	compute_and_record(name)
	assert insights.list_notifications(told, metric.name) == ["Things is 0: it has fallen to 0 or less."]


def test_alert_of_shared_metric_requires_its_role(site, counted):
	note, metric, name = counted
	outside, inside = insights.make_reader(), factories.make_user("Support Team", "Newsletter Manager").name
	set_alerts(metric, build_alert(role="Newsletter Manager", threshold=1))
	insights.make_todos(1, note)
	compute_and_record(name)
	assert insights.list_notifications(outside, metric.name) == []
	assert insights.list_notifications(inside, metric.name) == ["Things is 1: it has reached 1."]


def test_alert_of_caller_scoped_metric_goes_to_the_caller_alone(site):
	note, reader, other = factories.make_unique("Note"), insights.make_reader(), insights.make_reader()
	metric = insights.make_metric(
		"Number Card",
		insights.make_card(note).name,
		alerts=[build_alert(role="Newsletter Manager", threshold=1)],
	)
	name = insights.make_dashboard(metric)
	insights.make_todos(1, note, allocated_to=reader)
	for user in (reader, other):
		frappe.set_user(user)
		compute_and_record(name)
		frappe.set_user("Administrator")
	assert insights.list_notifications(reader, metric.name) == ["Things is 1: it has reached 1."]
	assert insights.list_notifications(other, metric.name) == []


def test_only_a_number_has_alerts(site):
	with pytest.raises(frappe.ValidationError, match="Only a number can have alerts"):
		insights.make_metric("Measure", "leads_by_status", alerts=[build_alert()])


def test_a_page_listens_to_a_dashboard_that_its_reader_may_open_and_to_no_other(api, guest):
	reader = api(insights.make_reader("Sales User"))

	def ask(client, dashboard):
		method, question = factories.build_room_request("Orchestrator Dashboard", dashboard)
		return client.get(method, **question)

	may = ask(reader, "sales_dashboard")
	assert (may.status_code, may.json()["message"]) == (200, True)
	assert get_error(ask(reader, "hr_dashboard")) == (403, "PermissionError")
	assert get_error(ask(guest, "sales_dashboard")) == (403, "PermissionError")
