"""The records that a value counts: only those that its reader may read, whatever is cached for others."""

import pytest

import frappe

from tests.support import factories, insights
from tests.support.client import get_error
from tests.support.insights import GET, HISTORY, REFRESH

SALES = "sales_dashboard"


@pytest.fixture(scope="module")
def opportunities(frappe_site):
	"""Return two open opportunities of 1,000 and 500."""
	frappe.set_user("Administrator")
	return [factories.make_opportunity(opportunity_amount=amount).name for amount in (1000, 500)]


def make_seller(*opportunities: str) -> str:
	"""Create a sales user who may read these opportunities alone."""
	user = insights.make_reader("Sales User")
	for name in opportunities:
		insights.permit_record(user, "Opportunity", name)
	return user


def get_figures(reply):
	names = ("open_pipeline_value", "opportunities_in_pipeline")
	return tuple(insights.get_value(reply, name) for name in names)


def test_each_caller_gets_the_figures_of_the_records_they_may_read(api, opportunities):
	first, second = opportunities
	both, one = api(make_seller(first, second)), api(make_seller(second))
	assert get_figures(both.get(GET, dashboard=SALES)) == (1500, 2)
	assert get_figures(one.get(GET, dashboard=SALES)) == (500, 1)
	assert get_figures(both.get(GET, dashboard=SALES)) == (1500, 2)


def test_a_table_holds_only_records_that_the_caller_may_read(api, opportunities):
	first, second = opportunities
	for name in opportunities:
		frappe.db.set_value("Opportunity", name, "expected_closing", "2031-01-01")
	frappe.db.commit()
	table = insights.get_value(api(make_seller(second)).get(GET, dashboard=SALES), "next_closings")
	assert [row["name"] for row in table["rows"]] == [second]
	assert table["total"] == 1
	assert first not in str(table)


def test_a_value_computed_before_a_user_permission_came_is_not_shown_after_it(api, opportunities):
	first, second = opportunities
	seller = make_seller(first, second)
	assert get_figures(api(seller).get(GET, dashboard=SALES)) == (1500, 2)
	frappe.delete_doc(
		"User Permission", frappe.db.get_value("User Permission", {"for_value": first, "user": seller})
	)
	frappe.db.commit()
	assert get_figures(api(seller).get(GET, dashboard=SALES)) == (500, 1)


def test_a_value_computed_with_a_role_is_not_shown_without_it(api, opportunities):
	seller = make_seller(*opportunities)
	dashboard = insights.make_dashboard(frappe.get_doc("Orchestrator Metric", "open_pipeline_value"))
	assert insights.get_value(api(seller).get(GET, dashboard=dashboard), "open_pipeline_value") == 1500
	frappe.get_doc("User", seller).remove_roles("Sales User")
	frappe.db.commit()
	found = insights.get_item(api(seller).get(GET, dashboard=dashboard), "open_pipeline_value")
	assert found["value"] is None
	assert found["error"] == {
		"type": "PermissionError",
		"message": "You don't have access to Opportunity, so this figure is hidden.",
	}


def test_a_share_counts_at_once_and_its_end_too(api, opportunities):
	user = insights.make_reader()
	card = frappe.get_doc("Orchestrator Metric", "opportunities_in_pipeline")
	dashboard = insights.make_dashboard(frappe.get_doc("Orchestrator Metric", "open_pipeline_value"), card)
	client = api(user)
	assert insights.get_item(client.get(GET, dashboard=dashboard), "open_pipeline_value")["value"] is None
	share = frappe.share.add("Opportunity", opportunities[0], user, notify=0)
	frappe.db.commit()
	assert insights.get_value(client.get(GET, dashboard=dashboard), "open_pipeline_value") == 1000
	frappe.delete_doc("DocShare", share.name)
	frappe.db.commit()
	assert insights.get_item(client.get(GET, dashboard=dashboard), "open_pipeline_value")["value"] is None


def test_rules_of_a_doctype_that_change_make_every_value_new(api, opportunities):
	seller = make_seller(*opportunities)
	before = insights.get_item(api(seller).get(GET, dashboard=SALES), "win_rate")["refreshed_at"]
	insights.make_all_older(SALES, seller, seconds=60)
	old = insights.get_item(api(seller).get(GET, dashboard=SALES), "win_rate")["refreshed_at"]
	assert old < before
	rule = factories.make_record("Custom DocPerm", parent="Note", role="Sales User", permlevel=0, read=1)
	try:
		assert insights.get_item(api(seller).get(GET, dashboard=SALES), "win_rate")["refreshed_at"] > old
	finally:
		frappe.delete_doc("Custom DocPerm", rule.name)
		frappe.db.commit()
		frappe.clear_cache(doctype="Note")


def test_chart_data_under_the_key_that_frappe_has_for_all_users_is_not_used(api):
	note = factories.make_unique("Note")
	mine, theirs = insights.make_reader(), insights.make_reader()
	insights.make_todos(1, note, allocated_to=mine, priority="High")
	insights.make_todos(2, note, allocated_to=theirs, priority="Low")
	chart = insights.make_chart(note)
	dashboard = factories.make_record(
		"Dashboard",
		dashboard_name=factories.make_unique("Board"),
		charts=[{"chart": chart.name, "width": "Half"}],
	).name
	kept = {"labels": ["Low"], "datasets": [{"name": chart.name, "values": [2]}]}
	frappe.cache.set_value(f"chart-data:{chart.name}", frappe.as_json(kept))
	found = insights.get_value(api(mine).get(GET, dashboard=dashboard), chart.name)
	assert found == {"labels": ["High"], "datasets": [{"name": chart.name, "values": [1]}]}


# Shared metrics


@pytest.fixture(scope="module")
def shared(frappe_site):
	"""Return a dashboard of one metric: all ToDos of a note, shared with the support team."""
	frappe.set_user("Administrator")
	note = factories.make_unique("Note")
	insights.make_todos(3, note)
	metric = insights.make_shared_metric(note)
	return note, metric, insights.make_dashboard(metric)


def test_a_shared_metric_is_the_same_for_everyone_with_its_role(api, shared):
	_note, metric, dashboard = shared
	first, second = (api(factories.make_user("Support Team").name) for _ in range(2))
	assert insights.get_value(first.get(GET, dashboard=dashboard), metric.name) == 3
	assert insights.get_value(second.get(GET, dashboard=dashboard), metric.name) == 3


def test_a_shared_metric_is_refused_without_its_role_and_the_rest_of_the_dashboard_is_not(api, shared):
	note, metric, _dashboard = shared
	own = insights.make_metric("Number Card", insights.make_card(note).name)
	dashboard = insights.make_dashboard(metric, own)
	client = api(factories.make_user("Sales User").name)
	for reply in (client.get(GET, dashboard=dashboard), client.post(REFRESH, dashboard=dashboard)):
		found = insights.get_item(reply, metric.name)
		assert (found["value"], found["refreshed_at"], found["stale"]) == (None, None, False)
		assert found["error"] == {
			"type": "PermissionError",
			"message": "This figure is shared with the role Support Team, which you do not have.",
		}
		assert insights.get_value(reply, own.name) == 0
	refused = client.get(HISTORY, dashboard=dashboard, metric=metric.name)
	assert get_error(refused) == (403, "PermissionError")


def test_computing_as_another_user_does_not_change_the_callers_values(api, shared):
	note, metric, _dashboard = shared
	own = insights.make_metric("Number Card", insights.make_card(note).name)
	reply = api(factories.make_user("Support Team").name).get(
		GET, dashboard=insights.make_dashboard(metric, own)
	)
	assert (insights.get_value(reply, metric.name), insights.get_value(reply, own.name)) == (3, 0)


def test_a_source_changed_after_it_was_shared_waits_for_approval(api, shared):
	note = shared[0]
	card = insights.make_card(note)
	metric = insights.make_metric(
		"Number Card",
		card.name,
		permission_mode="Shared",
		compute_as="Administrator",
		shared_role="Desk User",
	)
	client = api(insights.make_reader())
	dashboard = insights.make_dashboard(metric)
	assert insights.get_value(client.get(GET, dashboard=dashboard), metric.name) == 3
	card.reload()
	card.update({"filters_json": "[]"}).save()
	frappe.db.commit()
	found = insights.get_item(client.get(GET, dashboard=dashboard), metric.name)
	assert (found["value"], found["error"]["type"]) == (None, "ConflictError")
	metric.reload()
	metric.save()
	frappe.db.commit()
	assert insights.get_value(client.get(GET, dashboard=dashboard), metric.name) >= 3


def test_a_disabled_user_no_longer_shares_values(api, shared):
	leaver = factories.make_user("System Manager").name
	metric = insights.make_metric(
		"Number Card",
		insights.make_card(shared[0]).name,
		permission_mode="Shared",
		compute_as=leaver,
		shared_role="Desk User",
	)
	client, dashboard = api(insights.make_reader()), insights.make_dashboard(metric)
	assert insights.get_value(client.get(GET, dashboard=dashboard), metric.name) == 3
	frappe.get_doc("User", leaver).update({"enabled": 0}).save()
	frappe.db.commit()
	found = insights.get_item(client.post(REFRESH, dashboard=dashboard), metric.name)
	assert (found["error"]["type"], leaver in found["error"]["message"]) == ("ConflictError", True)


def test_only_the_user_or_a_system_manager_shares_the_users_values(site):
	manager = factories.make_user("Dashboard Manager", "Desk User").name
	frappe.set_user(manager)
	with pytest.raises(frappe.PermissionError, match="Only Administrator or a System Manager may save"):
		insights.make_metric(
			"Measure",
			"open_pipeline_value",
			permission_mode="Shared",
			compute_as="Administrator",
			shared_role="All",
		)
	own = insights.make_metric(
		"Measure", "open_pipeline_value", permission_mode="Shared", compute_as=manager, shared_role="All"
	)
	assert own.compute_as == manager


def test_who_may_no_longer_see_a_figure_sees_nothing_of_its_history(api, opportunities):
	seller = make_seller(*opportunities)
	dashboard = insights.make_dashboard(frappe.get_doc("Orchestrator Metric", "open_pipeline_value"))
	asked = {"dashboard": dashboard, "metric": "open_pipeline_value"}
	api(seller).get(GET, dashboard=dashboard)
	insights.record_history()
	points = api(seller).get(HISTORY, **asked).json()["data"]["points"]
	assert [point["value"] for point in points] == [1500]
	frappe.get_doc("User", seller).remove_roles("Sales User")
	frappe.db.commit()
	assert get_error(api(seller).get(HISTORY, **asked)) == (403, "PermissionError")
