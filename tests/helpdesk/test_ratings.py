"""Ratings of tickets: the invitation after closing, the signed link, the page, and the averages for managers."""

import email
import re
from datetime import timedelta
from html import unescape

import jwt
import pytest

import frappe
from frappe.utils import add_days, now_datetime, today

from orchestrator.api.limits import BUCKET_PREFIX
from orchestrator.helpdesk import rating_links
from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error

PAGE = "/ticket-rating"
METHOD = "orchestrator.helpdesk.get_satisfaction"


@pytest.fixture(scope="module")
def asking(frappe_site: str):
	"""Switch ratings on, with a mail account."""
	with (
		helpdesk.use_outgoing_account(),
		helpdesk.override_settings(ask_for_ratings=1, rating_link_days=14, rating_correction_days=3),
	):
		yield


@pytest.fixture(autouse=True)
def full_bucket(site: str) -> None:
	"""Let the tests' own address ask again."""
	cache = frappe.cache()
	cache.delete(cache.make_key(f"{BUCKET_PREFIX}ticket-rating:127.0.0.1"))


@pytest.fixture(params=["Issue", "HD Ticket"])
def ticket(request, site):
	return factories.make_issue() if request.param == "Issue" else helpdesk.make_hd_ticket()


def close(ticket, status: str = "Closed"):
	ticket.reload()
	ticket.status = status
	ticket.save()
	frappe.db.commit()
	return ticket


def list_ratings(ticket) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		"Ticket Rating",
		{"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)},
		["name", "score", "comment", "agent", "team", "answered_at"],
		order_by="creation",
	)


def get_token(ticket) -> str:
	(rating,) = list_ratings(ticket)
	return rating_links.build_token(rating.name, now_datetime() + timedelta(days=14))


def list_mails(ticket) -> list:
	names = frappe.get_all(
		"Email Queue", {"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}, pluck="name"
	)
	return [frappe.get_doc("Email Queue", name) for name in names]


def post(client, token: str, **fields):
	return client.request("POST", PAGE, data={"token": token, **fields})


class TestInvitation:
	def test_off_by_default(self, ticket) -> None:
		assert frappe.get_meta("Orchestrator Settings").get_field("ask_for_ratings").default == "0"
		with helpdesk.use_outgoing_account():
			close(ticket)
		assert list_ratings(ticket) == []

	def test_customer_gets_one_mail_without_the_subject(self, asking, guest, ticket) -> None:
		close(ticket, "Resolved")
		close(ticket)
		close(ticket, "Open")
		close(ticket)
		assert len(list_ratings(ticket)) == 1
		mails = [mail for mail in list_mails(ticket) if "How did we do" in mail.message]
		assert len(mails) == 1
		assert [row.recipient for row in mails[0].recipients] == [ticket.raised_by]
		message = email.message_from_string(mails[0].message)
		body = "".join(
			part.get_payload(decode=True).decode()
			for part in message.walk()
			if part.get_content_type() == "text/html"
		)
		assert ticket.subject not in body
		links = re.findall(r'href="([^"]*/ticket-rating\?[^"]*)"', body)
		assert len(links) == 5
		path = unescape(links[3]).partition(PAGE)[2]
		page = guest.request("GET", PAGE + path)
		assert page.status_code == 200
		assert re.findall(r'value="(\d)" required checked', page.text) == ["4"]

	def test_agent_is_the_assignee(self, asking) -> None:
		agent = factories.make_user("Support Team").name
		issue = close(factories.make_issue(assigned_to=agent))
		assert [row.agent for row in list_ratings(issue)] == [agent]

	def test_nobody_is_asked_without_an_address_or_account(self, asking, site) -> None:
		silent = close(factories.make_issue(raised_by=""))
		assert list_ratings(silent) == []

	def test_deleted_ticket_ends_its_link(self, asking, guest) -> None:
		issue = close(factories.make_issue())
		token = get_token(issue)
		issue.reload()
		issue.delete()
		frappe.db.commit()
		assert guest.request("GET", f"{PAGE}?token={token}").status_code == 404


class TestPage:
	@pytest.fixture
	def issue(self, asking, site):
		return close(factories.make_issue())

	def test_answer_and_correction(self, guest, asking, ticket) -> None:
		token = get_token(close(ticket))
		assert post(guest, token, score="2", comment="<b>Slow</b>").status_code == 200
		first = list_ratings(ticket)[0]
		assert (first.score, first.comment, bool(first.answered_at)) == (2, "<b>Slow</b>", True)
		page = guest.request("GET", f"{PAGE}?token={token}")
		assert "&lt;b&gt;Slow&lt;/b&gt;" in page.text and "<b>Slow" not in page.text
		assert post(guest, token, score="5").status_code == 200
		second = list_ratings(ticket)[0]
		assert (second.score, second.comment, second.answered_at) == (5, None, first.answered_at)

	def test_page_is_private_and_needs_no_script(self, guest, issue) -> None:
		page = guest.request("GET", f"{PAGE}?token={get_token(issue)}")
		assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
		assert page.headers["Referrer-Policy"] == "no-referrer"
		assert "no-store" in page.headers["Cache-Control"]
		assert "default-src 'none'" in page.headers["Content-Security-Policy"]
		assert "<script" not in page.text
		assert (
			issue.subject not in page.text
			and issue.name not in page.text
			and issue.raised_by not in page.text
		)

	def test_reading_stores_nothing(self, guest, issue) -> None:
		guest.request("GET", f"{PAGE}?token={get_token(issue)}&score=5")
		guest.request("HEAD", f"{PAGE}?token={get_token(issue)}&score=5")
		assert [row.answered_at for row in list_ratings(issue)] == [None]

	@pytest.mark.parametrize("score", ["", "0", "6", "-1", "4.5", "11", "five", "٣", "1 OR 1=1"])
	def test_other_scores_are_refused(self, guest, issue, score) -> None:
		assert post(guest, get_token(issue), score=score).status_code == 400
		assert [(row.score, row.answered_at) for row in list_ratings(issue)] == [(0, None)]

	def test_comment_that_is_too_long_is_refused(self, guest, issue) -> None:
		assert post(guest, get_token(issue), score="3", comment="x" * 2001).status_code == 400
		assert [row.answered_at for row in list_ratings(issue)] == [None]

	def test_a_signed_in_user_can_answer_with_the_form(self, callers, issue) -> None:
		user = factories.make_user("Customer").name
		browser = callers.browser(user, factories.PASSWORD)
		page = browser.request("GET", f"{PAGE}?token={get_token(issue)}")
		csrf = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
		assert csrf
		assert post(browser, get_token(issue), score="4", csrf_token=csrf[1]).status_code == 200
		assert [row.score for row in list_ratings(issue)] == [4]


def list_bad_tokens(rating: str) -> dict[str, str]:
	"""Return tokens that must not work, by what is wrong with them."""
	good = rating_links.build_token(rating, now_datetime() + timedelta(days=1))
	head, body, signature = good.split(".")
	key = rating_links._get_key()
	later = int(now_datetime().timestamp()) + 86400
	other = rating_links.build_token("another", now_datetime() + timedelta(days=1)).split(".")[1]
	claims = {"sub": rating, "aud": rating_links.PURPOSE, "exp": later}
	return {
		"none": "",
		"garbage": "x.y.z",
		"name alone": rating,
		"cut signature": f"{head}.{body}.{signature[:-4]}",
		"body of another": f"{head}.{other}.{signature}",
		"unknown rating": rating_links.build_token("unknown", now_datetime() + timedelta(days=1)),
		"expired": rating_links.build_token(rating, now_datetime() - timedelta(seconds=5)),
		"other key": jwt.encode(claims, b"another key of thirty-two bytes.", algorithm="HS256"),
		"unsigned": jwt.encode(claims, None, algorithm="none"),
		"other purpose": jwt.encode({**claims, "aud": "login"}, key, algorithm="HS256"),
		"no purpose": jwt.encode({"sub": rating, "exp": later}, key, algorithm="HS256"),
		"no end": jwt.encode({"sub": rating, "aud": rating_links.PURPOSE}, key, algorithm="HS256"),
		"ticket instead": jwt.encode({**claims, "sub": "ISS001"}, key, algorithm="HS256"),
		"long": "a" * 5000,
	}


BAD_TOKENS = (
	"none", "garbage", "name alone", "cut signature", "body of another", "unknown rating", "expired", "other key",
	"unsigned", "other purpose", "no purpose", "no end", "ticket instead", "long",
)  # fmt: skip


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_bad_tokens_get_the_same_refusal(asking, guest, kind) -> None:
	issue = close(factories.make_issue())
	rating = list_ratings(issue)[0].name
	replies = [
		guest.request("GET", PAGE, params={"token": list_bad_tokens(rating)[kind]}),
		post(guest, list_bad_tokens(rating)[kind], score="1"),
	]
	refusal = guest.request("GET", PAGE)
	assert refusal.status_code == 404 and "This link is not valid." in refusal.text
	assert {(reply.status_code, reply.text) for reply in replies} == {(404, refusal.text)}
	assert [row.answered_at for row in list_ratings(issue)] == [None]


class TestEndOfLinks:
	@pytest.fixture
	def issue(self, asking, site):
		return close(factories.make_issue())

	def test_answer_is_final_after_the_days_of_correction(self, guest, issue) -> None:
		token = get_token(issue)
		post(guest, token, score="5")
		name = list_ratings(issue)[0].name
		frappe.db.set_value("Ticket Rating", name, "answered_at", add_days(now_datetime(), -3))
		frappe.db.commit()
		assert post(guest, token, score="1").status_code == 404
		assert [row.score for row in list_ratings(issue)] == [5]

	def test_link_ends_with_its_record_although_the_token_lasts(self, guest, issue) -> None:
		token = get_token(issue)
		frappe.db.set_value("Ticket Rating", {"reference_name": issue.name}, "expires_at", now_datetime())
		frappe.db.commit()
		assert post(guest, token, score="1").status_code == 404

	def test_links_rest_while_ratings_are_off(self, guest, issue) -> None:
		token = get_token(issue)
		with helpdesk.override_settings(ask_for_ratings=0):
			assert guest.request("GET", f"{PAGE}?token={token}").status_code == 404
		assert guest.request("GET", f"{PAGE}?token={token}").status_code == 200

	def test_requests_of_an_address_are_limited(self, guest, issue) -> None:
		replies = [guest.request("GET", f"{PAGE}?token=x").status_code for _number in range(60)]
		assert replies[:40] == [404] * 40 and replies[-1] == 429


class TestAverages:
	@pytest.fixture(scope="class")
	def rated(self, frappe_site):
		"""Create ratings of two agents: 5 and 2 in May 2024, none and 4 in June."""
		frappe.db.delete("Ticket Rating", {"invited_at": ("<", "2025-01-01")})
		agents = [factories.make_user("Support Team").name for _number in range(2)]
		issues = [factories.make_issue().name for _number in range(4)]
		rows = [(0, "2024-05-02", 5), (0, "2024-05-31", 2), (1, "2024-06-03", 0), (1, "2024-06-04", 4)]
		for issue, (agent, day, score) in zip(issues, rows, strict=True):
			factories.make_record(
				"Ticket Rating", reference_doctype="Issue", reference_name=issue, agent=agents[agent], score=score,
				invited_at=f"{day} 23:30:00", expires_at="2024-07-01", answered_at=f"{day} 23:40:00" if score else None,
			)  # fmt: skip
		return agents, issues

	@pytest.fixture(scope="class")
	def manager(self, frappe_site) -> str:
		return factories.make_user("Orchestrator Manager", "Support Team").name

	@staticmethod
	def get_groups(client, group_by: str) -> dict:
		data = get_data(client.get(METHOD, group_by=group_by, from_date="2024-05-01", to_date="2024-06-30"))
		assert (data["total"]["invited"], data["total"]["answered"], data["total"]["average"]) == (4, 3, 3.67)
		assert data["total"]["response_rate"] == 75
		return {row["key"]: (row["invited"], row["answered"], row["average"]) for row in data["groups"]}

	def test_by_agent_and_time(self, api, manager, rated) -> None:
		(first, second), _issues = rated
		client = api(manager)
		assert self.get_groups(client, "agent") == {first: (2, 2, 3.5), second: (2, 1, 4.0)}
		assert self.get_groups(client, "month") == {"2024-05": (2, 2, 3.5), "2024-06": (2, 1, 4.0)}
		assert self.get_groups(client, "week") == {
			"2024-04-29": (1, 1, 5.0), "2024-05-27": (1, 1, 2.0), "2024-06-03": (2, 1, 4.0),
		}  # fmt: skip
		assert self.get_groups(client, "team") == {None: (4, 3, 3.67)}
		assert len(self.get_groups(client, "day")) == 4

	def test_period_includes_its_last_day(self, api, manager, rated) -> None:
		data = get_data(api(manager).get(METHOD, from_date="2024-05-31", to_date="2024-05-31"))
		assert (data["total"]["invited"], data["total"]["scores"]["2"]) == (1, 1)

	def test_only_ratings_of_readable_tickets_count(self, api, rated) -> None:
		without_tickets = factories.make_user("Orchestrator Manager").name
		data = get_data(api(without_tickets).get(METHOD, from_date="2024-05-01", to_date="2024-06-30"))
		assert (data["total"]["invited"], data["groups"]) == (0, [])
		listed = get_data(api(without_tickets).get("frappe.client.get_list", doctype="Ticket Rating"))
		assert listed == []

	def test_user_permissions_on_tickets_hold(self, api, rated) -> None:
		_agents, issues = rated
		manager = factories.make_user("Orchestrator Manager", "Support Team").name
		factories.make_record("User Permission", user=manager, allow="Issue", for_value=issues[0])
		data = get_data(api(manager).get(METHOD, from_date="2024-05-01", to_date="2024-06-30"))
		assert (data["total"]["invited"], data["total"]["average"]) == (1, 5.0)

	@pytest.mark.parametrize("roles", [("Support Team",), ("HR User",), ("Customer",)])
	def test_others_than_managers_are_refused(self, api, guest, roles) -> None:
		assert get_error(api(factories.make_user(*roles).name).get(METHOD)) == (403, "PermissionError")

	def test_guests_are_refused(self, guest) -> None:
		assert get_error(guest.get(METHOD)) == (401, "AuthenticationError")

	@pytest.mark.parametrize(
		"params",
		[
			{"group_by": "ticket"},
			{"from_date": "yesterday"},
			{"from_date": "2024-02-01", "to_date": "2024-01-01"},
			{"from_date": "2020-01-01", "to_date": "2024-01-01"},
			{"doctype": "User"},
		],
	)
	def test_malformed_requests_are_refused(self, api, manager, params) -> None:
		assert get_error(api(manager).get(METHOD, **params)) == (400, "InvalidRequestError")


def test_measures_agree_with_the_answers(asking, guest, site) -> None:
	from orchestrator.helpdesk import satisfaction_measures as measures

	before = frappe.db.sql(
		"select count(*), sum(score) from `tabTicket Rating` where score > 0 and answered_at >= %s",
		add_days(today(), -29),
	)[0]
	issue = close(factories.make_issue())
	post(guest, get_token(issue), score="3")
	frappe.db.rollback()
	expected = round((float(before[1] or 0) + 3) / (before[0] + 1), 2)
	assert measures.satisfaction_score().value == expected
	assert measures.satisfaction_by_month().datasets[0].values[-1] > 0
	assert measures.satisfaction_response_rate().value > 0
	assert len(measures.satisfaction_by_agent().labels) >= 1
