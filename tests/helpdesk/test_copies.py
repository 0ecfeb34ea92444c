"""Recipients of copies of a reply: those of the customer's latest mail, or those of the parameter `cc`."""

import pytest

import frappe

from tests.helpdesk.test_comments import METHOD, get_queued_mail, receive
from tests.support import factories, helpdesk
from tests.support.client import get_error

COLLEAGUE, LAWYER = "colleague@harbor.example", "lawyer@harbor.example"


@pytest.fixture
def account(site):
	with helpdesk.use_outgoing_account() as address:
		yield address


@pytest.fixture(params=["Issue", "HD Ticket"])
def case(request, site, account):
	"""Return a ticket, the user who replies, and the customer's mail on it with its copies."""
	ticket = factories.make_issue() if request.param == "Issue" else helpdesk.make_hd_ticket()
	user = factories.make_user("Support Team").name if request.param == "Issue" else helpdesk.make_agent()

	def mail(copies: str) -> None:
		name = receive(ticket, f"{frappe.generate_hash()}@harbor.example")
		frappe.db.set_value("Communication", name, "cc", copies)
		frappe.db.commit()

	return frappe._dict(ticket=ticket, user=user, mail=mail, account=account)


def post_reply(api, case, **body):
	return api(case.user).post(METHOD, issue=str(case.ticket.name), message="We are on it.", **body)


def get_copies(reply) -> list[str]:
	assert reply.status_code == 201, reply.text
	frappe.db.rollback()
	data = reply.json()["data"]
	stored = frappe.db.get_value("Communication", data["comment"], "cc") or ""
	assert [part.strip() for part in stored.split(",") if part.strip()] == data["cc"]
	return data["cc"]


@pytest.mark.parametrize(
	("copies", "kept"),
	[
		(COLLEAGUE, [COLLEAGUE]),
		(f"Dr. Kim <{COLLEAGUE}>, {LAWYER}", [COLLEAGUE, LAWYER]),
		(f'"Kim, Dr." <{COLLEAGUE}>', [COLLEAGUE]),
		(f"{COLLEAGUE}, {COLLEAGUE}", [COLLEAGUE]),
		(f"no address, {LAWYER}", [LAWYER]),
		("", []),
	],
)
def test_cc_of_customer_mail_is_preserved(api, case, copies, kept):
	case.mail(copies)
	assert get_copies(post_reply(api, case)) == kept


def test_the_customer_and_the_sites_own_address_get_no_copy(api, case):
	case.mail(f"{case.ticket.raised_by}, {case.account.upper()}, {COLLEAGUE}")
	assert get_copies(post_reply(api, case)) == [COLLEAGUE]


def test_the_latest_mail_counts(api, case):
	case.mail(COLLEAGUE)
	case.mail(LAWYER)
	assert get_copies(post_reply(api, case)) == [LAWYER]


@pytest.mark.parametrize(
	("sent", "kept"),
	[
		([LAWYER], [LAWYER]),
		(LAWYER, [LAWYER]),
		(f"{LAWYER}, Kim <{COLLEAGUE}>", [LAWYER, COLLEAGUE]),
		(f'["{LAWYER}"]', [LAWYER]),
		([], []),
		("", []),
	],
)
def test_the_parameter_cc_replaces_the_recipients(api, case, sent, kept):
	case.mail(COLLEAGUE)
	assert get_copies(post_reply(api, case, cc=sent)) == kept


@pytest.mark.parametrize(
	"sent",
	[["no address"], "no address", [7], [["a@b.example"]], {"a": 1}, [f"a{n}@b.example" for n in range(51)]],
)
def test_what_is_no_list_of_addresses_is_400(api, case, sent):
	assert get_error(post_reply(api, case, cc=sent)) == (400, "InvalidRequestError")
	frappe.db.rollback()
	assert not frappe.db.exists(
		"Communication", {"reference_name": str(case.ticket.name), "sent_or_received": "Sent"}
	)


def test_the_mail_leaves_for_the_copies_too(api, site, account):
	issue = factories.make_issue()
	user = factories.make_user("Support Team").name
	reply = api(user).post(METHOD, issue=issue.name, message="Hello", cc=[LAWYER])
	assert get_copies(reply) == [LAWYER]
	recipients, mail = get_queued_mail(reply.json()["data"]["comment"])
	assert sorted(recipients) == sorted([issue.raised_by, LAWYER])
	assert LAWYER in str(mail["CC"])


def test_a_note_and_a_customer_send_no_copies(api, site, account):
	customer = helpdesk.make_portal_user()
	issue = factories.make_issue(raised_by=customer)
	body = {"issue": issue.name, "message": "Hello", "cc": [LAWYER]}
	note = api(factories.make_user("Support Team").name).post(METHOD, is_internal=True, **body)
	assert get_error(note) == (400, "InvalidRequestError")
	assert get_error(api(customer).post(METHOD, **body)) == (403, "PermissionError")
	frappe.db.rollback()
	assert not frappe.db.exists("Communication", {"reference_name": issue.name})
