"""The texts of a dashboard are in its reader's language, whoever had its values computed."""

import pytest

import frappe

from orchestrator.insights.dashboards import jobs
from tests.support import factories, insights

LANGUAGES = ("de", "en", "fr")


def make_reader_in(api, lang, user="Administrator"):
	client = api(user)
	client.headers["Accept-Language"] = lang
	return client


def get_translation(text, lang):
	return frappe._(text, lang)


def list_words(reply, name):
	"""Return the texts in an item's value: names of datasets, or labels of columns."""
	value = insights.get_item(reply, name)["value"]
	return [part.get("name") or part.get("label") for part in value.get("datasets") or value["columns"]]


@pytest.mark.parametrize(
	("measure", "words"),
	[
		("opportunities_by_month", ["Opportunities"]),
		("pipeline_by_stage", ["Value"]),
		("leads_by_status", ["Leads"]),
		("tasks_by_status", ["Tasks"]),
		("employees_by_department", ["Employees"]),
		("next_closings", ["Opportunity", "Title", "Stage", "Amount", "Currency", "Expected Closing"]),
		("project_progress", ["Project", "Name", "Progress", "Expected End Date"]),
		("coming_leave", ["Leave Application", "Employee", "From Date", "To Date", "Days"]),
	],
)
@pytest.mark.parametrize("first", ["de", "en"])
def test_a_series_is_named_in_the_readers_language(api, site, measure, words, first):
	metric = insights.make_metric("Measure", measure)
	name = insights.make_dashboard(metric)
	make_reader_in(api, first).post(insights.REFRESH, dashboard=name)

	found = {
		lang: list_words(make_reader_in(api, lang).get(insights.GET, dashboard=name), metric.name)
		for lang in LANGUAGES
	}

	assert found == {lang: [get_translation(word, lang) for word in words] for lang in LANGUAGES}
	assert found["de"] != found["en"]


@pytest.fixture(scope="module")
def things_in_german(frappe_site):
	"""Create a translation of the label of the tests' metrics."""
	record = factories.make_record(
		"Translation", language="de", source_text="Things", translated_text="Dinge"
	)
	frappe.db.commit()
	yield
	frappe.delete_doc("Translation", record.name)
	frappe.db.commit()


def test_a_number_and_its_label_are_there_in_every_language(api, site, things_in_german):
	note = factories.make_unique("Note")
	metric = insights.make_metric("Number Card", insights.make_card(note).name)
	name = insights.make_dashboard(metric)
	insights.make_todos(3, note)

	replies = [make_reader_in(api, lang).get(insights.GET, dashboard=name) for lang in ("de", "en", "de")]

	found = [(reply.json()["data"]["title"], insights.get_item(reply, metric.name)) for reply in replies]
	assert [(title, item["label"], item["value"]) for title, item in found] == [
		("Dinge", "Dinge", 3),
		("Things", "Things", 3),
		("Dinge", "Dinge", 3),
	]


def test_reason_for_a_missing_value_is_translated_for_the_reader(api, site):
	text = "You don't have access to {0}, so this figure is hidden."
	record = factories.make_record(
		"Translation", language="de", source_text=text, translated_text="Kein Zugriff: {0}"
	)
	frappe.db.commit()
	metric = insights.make_metric("Measure", "leads_by_status")
	name, reader = insights.make_dashboard(metric), insights.make_reader()
	try:
		replies = {
			lang: make_reader_in(api, lang, reader).get(insights.GET, dashboard=name) for lang in ("en", "de")
		}
	finally:
		frappe.delete_doc("Translation", record.name)
		frappe.db.commit()

	errors = {
		lang: insights.get_item(reply, metric.name)["error"]["message"] for lang, reply in replies.items()
	}
	assert errors["en"] == text.format("Lead")
	assert errors["de"].startswith("Kein Zugriff: ")


def test_a_job_computes_in_the_callers_language(api, site, worker):
	metric = insights.make_metric("Measure", "opportunities_by_month")
	name = insights.make_dashboard(metric)
	client = make_reader_in(api, "de")
	client.get(insights.GET, dashboard=name)
	frappe.local.lang = "de"
	try:
		insights.rewrite_snapshot(name, insights.scopes.build_caller_scope(), seconds=5)
	finally:
		frappe.local.lang = "en"
	assert client.post(insights.REFRESH, dashboard=name).json()["data"]["queued"] == [metric.name]

	worker()

	reply = client.get(insights.GET, dashboard=name)
	assert (list_words(reply, metric.name), insights.get_item(reply, metric.name)["stale"]) == (
		["Chancen"],
		False,
	)


def test_the_scheduled_refresh_computes_for_each_reader_in_their_language(api, site):
	metric = insights.make_metric("Measure", "opportunities_by_month")
	name = insights.make_dashboard(metric)
	readers = {lang: factories.make_user("Sales User", language=lang).name for lang in ("de", "fr")}
	for lang, user in readers.items():
		make_reader_in(api, lang, user).get(insights.GET, dashboard=name)
	insights.record_history()
	frappe.db.set_value("Orchestrator Metric", metric.name, "unit", "new version")

	jobs.refresh_dashboard(name)
	frappe.db.rollback()

	found = [
		list_words(make_reader_in(api, lang, user).get(insights.GET, dashboard=name), metric.name)
		for lang, user in readers.items()
	]
	assert found == [[get_translation("Opportunities", lang)] for lang in readers]
	assert frappe.local.lang == "en"


def test_a_refresh_in_one_language_makes_a_shared_figure_new_in_the_others(api, site):
	note = factories.make_unique("Note")
	metric = insights.make_shared_metric(note)
	name = insights.make_dashboard(metric)
	german, english = make_reader_in(api, "de"), make_reader_in(api, "en")
	german.get(insights.GET, dashboard=name)
	insights.make_todos(2, note)

	english.post(insights.REFRESH, dashboard=name)

	values = [
		insights.get_item(client.get(insights.GET, dashboard=name), metric.name)["value"]
		for client in (english, german)
	]
	assert values == [2, 2]


def test_alert_is_translated_for_each_recipient(site, things_in_german):
	note = factories.make_unique("Note")
	users = {
		lang: factories.make_user("Support Team", "Newsletter Manager", language=lang).name
		for lang in ("de", "en")
	}
	metric = insights.make_shared_metric(note)
	for user in users.values():
		metric.append("alerts", {"condition": "At or above", "threshold": 1, "user": user})
	metric.save()
	name = insights.make_dashboard(metric)
	insights.make_todos(1, note)
	from orchestrator.insights import refresh_metrics

	refresh_metrics(dashboard=name)
	frappe.db.commit()
	insights.record_history()

	assert {lang: insights.list_notifications(user, metric.name) for lang, user in users.items()} == {
		"de": ["Dinge ist 1: Der Wert hat 1 erreicht."],
		"en": ["Things is 1: it has reached 1."],
	}
