"""A caller's own use of the API: the rate limit, and the errors that administrators find by request ID."""

import re
from collections.abc import Callable

import frappe
from frappe.utils import add_days, now_datetime

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.rate_limits import override_rate_limit

METHOD = "orchestrator.api.usage.get_usage"
Api = Callable[[str], Client]


def fail(client: Client, doctype: str) -> str:
	"""Cause an unexpected error. Return its request ID."""
	reply = client.post("frappe.client.insert", doctype=doctype, secret_note="canary-3302")
	assert get_error(reply) == (500, "InternalServerError")
	return reply.json()["request_id"]


def test_guest_is_refused(guest: Client) -> None:
	assert get_error(guest.get(METHOD)) == (401, "AuthenticationError")


def test_user_sees_what_is_left_of_their_limit(api: Api, site: str) -> None:
	client = api(factories.make_user("Sales User").name)
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=5):
		client.get("frappe.client.get_list", doctype="Lead")
		reply = client.get(METHOD)
	usage = get_data(reply)
	assert usage["rate_limit"] == {
		"limit": 1,
		"remaining": 3,
		"reset": int(reply.headers["X-RateLimit-Reset"]),
	}


def test_user_without_requests_has_a_full_bucket(browser: Callable[[str, str], Client], site: str) -> None:
	user = factories.make_user("Sales User").name
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=5):
		client = browser(user, factories.PASSWORD)
		usage = get_data(client.get(METHOD))
	assert (usage["user"], usage["rate_limit"]["remaining"]) == (user, 5)


def test_reading_the_usage_in_a_browser_costs_nothing(
	browser: Callable[[str, str], Client], site: str
) -> None:
	user = factories.make_user("Sales User").name
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=5):
		client = browser(user, factories.PASSWORD)
		left = {get_data(client.get(METHOD))["rate_limit"]["remaining"] for _ in range(3)}
	assert left == {5}


def test_site_without_a_limit_says_so(admin: Client, site: str) -> None:
	with override_rate_limit(rate_limit_enabled=0):
		assert get_data(admin.get(METHOD))["rate_limit"] is None


def test_user_sees_their_own_errors_latest_first(api: Api, broken_doctype: str) -> None:
	client = api(factories.make_user("System Manager").name)
	requests = [fail(client, broken_doctype) for _ in range(2)]
	reply = client.get(METHOD)
	errors = get_data(reply)["recent_errors"]
	assert [error["request_id"] for error in errors] == requests[::-1]
	assert {(error["method"], error["error_class"]) for error in errors} == {
		(
			"frappe.client.insert",
			frappe.get_all("Error Log", {"name": errors[0]["error_log"]}, pluck="error")[0].split()[2],
		)
	}
	assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", error["occurred_at"]) for error in errors)
	assert "canary" not in reply.text


def test_errors_of_others_are_not_shown(api: Api, broken_doctype: str) -> None:
	fail(api(factories.make_user("System Manager").name), broken_doctype)
	assert get_data(api(factories.make_user("System Manager").name).get(METHOD))["recent_errors"] == []


def test_errors_are_shown_for_seven_days(api: Api, broken_doctype: str) -> None:
	client = api(factories.make_user("System Manager").name)
	fail(client, broken_doctype)
	[error] = get_data(client.get(METHOD))["recent_errors"]
	before = add_days(now_datetime(), -8)
	frappe.db.set_value("Error Log", error["error_log"], "creation", before, update_modified=False)
	frappe.db.commit()
	assert get_data(client.get(METHOD))["recent_errors"] == []


def test_logs_that_are_no_requests_are_left_out(api: Api, site: str) -> None:
	user = factories.make_user("System Manager").name
	for method, error in [
		("0123456789abcdef title", "no request"),
		("other", "Request 0123456789abcdef: A in b"),
	]:
		log = frappe.get_doc({"doctype": "Error Log", "method": method, "error": error}).insert()
		log.db_set("owner", user)
	frappe.db.commit()
	assert get_data(api(user).get(METHOD))["recent_errors"] == []
