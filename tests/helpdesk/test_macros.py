"""Macros: who may use them, what they do to a ticket, and that each ticket is changed as a whole or not at all."""

import pytest

import frappe

from tests.support import factories, helpdesk
from tests.support.client import get_data, get_error

LIST, PREVIEW, APPLY = (
	f"orchestrator.helpdesk.{name}" for name in ("get_macros", "preview_macro", "apply_macro")
)


@pytest.fixture(scope="module")
def agent(frappe_site: str) -> str:
	return factories.make_user("Support Team", "Agent").name


@pytest.fixture(scope="module", autouse=True)
def agent_record(agent: str) -> None:
	factories.make_record("HD Agent", user=agent, agent_name=agent)


@pytest.fixture
def account(site: str):
	with helpdesk.use_outgoing_account() as address:
		yield address


@pytest.fixture(params=["Issue", "HD Ticket"])
def ticket(request, site):
	return factories.make_issue() if request.param == "Issue" else helpdesk.make_hd_ticket()


def make_macro(**values) -> str:
	return factories.make_record("Ticket Macro", title=factories.make_unique("Macro"), **values).name


def apply(client, macro: str, *tickets, expect: int = 200) -> dict:
	names = [str(ticket.name) for ticket in tickets]
	data = get_data(client.post(APPLY, macro=macro, issues=names, doctype=tickets[0].doctype), expect)
	frappe.db.rollback()
	return data


def count_traces(ticket) -> tuple[int, ...]:
	"""Return the numbers of comments, notes, replies, mails, assignments and tags of a ticket."""
	frappe.db.rollback()
	reference = {"reference_doctype": ticket.doctype, "reference_name": str(ticket.name)}
	return (
		frappe.db.count("Comment", {**reference, "comment_type": "Comment"}),
		frappe.db.count("HD Ticket Comment", {"reference_ticket": str(ticket.name)})
		if ticket.doctype != "Issue"
		else 0,
		frappe.db.count("Communication", {**reference, "sent_or_received": "Sent"}),
		frappe.db.count("Email Queue", reference),
		frappe.db.count("ToDo", {"reference_type": ticket.doctype, "reference_name": str(ticket.name)}),
		frappe.db.count("Tag Link", {"document_type": ticket.doctype, "document_name": str(ticket.name)}),
	)


def test_all_steps_are_carried_out(api, agent, account, ticket) -> None:
	frappe.db.set_value(ticket.doctype, ticket.name, "subject", "A <b>&</b> C")
	frappe.db.commit()
	before = count_traces(ticket)
	macro = make_macro(
		reply="<p>Hello {{ customer_name }}, about {{subject}} ({{ ticket }}): it works again.</p>",
		note="Done by {{ agent_name }}", status="Resolved", priority="High", assign_to_me=1, tags="vip, login,vip",
	)  # fmt: skip
	run = apply(api(agent), macro, ticket)
	assert (run["applied"], run["failed"]) == (1, 0)
	assert run["results"] == [
		{
			"issue": str(ticket.name), "doctype": ticket.doctype, "applied": True, "status": "Resolved",
			"mail_queued": True, "error": None, "exc_type": None,
		}
	]  # fmt: skip
	row = frappe.db.get_value(ticket.doctype, ticket.name, ["status", "priority", "assigned_to"])
	assert row == ("Resolved", "High", agent)
	comments, notes, replies, mails, todos, tags = (
		after - earlier for earlier, after in zip(before, count_traces(ticket), strict=True)
	)
	assert (comments + notes, replies, mails, todos, tags) == (1, 1, 1, 1, 2)
	reply = frappe.get_last_doc(
		"Communication", {"reference_name": str(ticket.name), "sent_or_received": "Sent"}
	)
	assert (
		f"Hello {ticket.raised_by}, about A &lt;b&gt;&amp;&lt;/b&gt; C ({ticket.name}): it works again."
		in reply.content
	)


def test_preview_shows_everything_and_changes_nothing(api, agent, account, ticket) -> None:
	before = count_traces(ticket)
	macro = make_macro(reply="<p>Hello</p>", note="<p>Note</p>", status="Closed", assign_to_me=1, tags="a,b")
	shown = get_data(api(agent).post(PREVIEW, macro=macro, issue=str(ticket.name), doctype=ticket.doctype))
	assert shown == {
		"macro": macro, "issue": str(ticket.name), "doctype": ticket.doctype, "reply": "<p>Hello</p>",
		"recipient": ticket.raised_by, "cc": [], "mail_note": None, "note": "<p>Note</p>",
		"changes": [{"field": "status", "label": "Status", "before": "Open", "after": "Closed"}],
		"assign_to": agent, "tags": ["a", "b"], "refusal": None,
	}  # fmt: skip
	assert count_traces(ticket) == before
	assert frappe.db.get_value(ticket.doctype, ticket.name, "status") == "Open"


def test_a_failed_ticket_is_unchanged_and_the_others_are_done(api, agent, account) -> None:
	"""A customer who may not be assigned, a ticket that refuses its save, and one that does not exist."""
	good, refusing = factories.make_issue(), factories.make_issue()
	frappe.db.set_value("Issue", refusing.name, "customer", "No such customer")
	frappe.db.commit()
	before = count_traces(refusing)
	macro = make_macro(reply="<p>Hi</p>", note="<p>n</p>", status="On Hold", pause_reason="Other", tags="t")
	missing = frappe._dict(name="ISS-NONE", doctype="Issue")
	run = apply(api(agent), macro, good, refusing, missing)
	assert [(row["applied"], row["exc_type"]) for row in run["results"]] == [
		(True, None), (False, "LinkValidationError"), (False, "DoesNotExistError"),
	]  # fmt: skip
	assert count_traces(refusing) == before
	assert frappe.db.get_value("Issue", refusing.name, "status") == "Open"
	assert frappe.db.get_value("Ticket Pause", {"reference_name": good.name}, "reason") == "Other"


def test_assignee_who_may_not_read_the_ticket_is_refused(api, agent) -> None:
	issue, stranger = factories.make_issue(), factories.make_user("HR User").name
	macro = make_macro(assign_to=stranger, tags="t")
	shown = get_data(api(agent).post(PREVIEW, macro=macro, issue=issue.name))
	assert shown["refusal"].startswith(f"{stranger} cannot be assigned")
	run = apply(api(agent), macro, issue)
	assert [row["exc_type"] for row in run["results"]] == ["InvalidAssigneeError"]
	assert count_traces(issue) == (0, 0, 0, 0, 0, 0)


def test_permissions_of_the_agent_hold_for_each_step(api, site) -> None:
	"""A colleague with read access by a share may add a note, but not change the ticket."""
	issue, reader = factories.make_issue(), factories.make_user("Support Team").name
	rule = factories.make_record(
		"Custom DocPerm",
		parent="Issue",
		parenttype="DocType",
		parentfield="permissions",
		role="Support Team",
		read=1,
	)
	frappe.clear_cache(doctype="Issue")
	frappe.db.commit()
	try:
		run = apply(api(reader), make_macro(status="Closed", tags="t"), issue)
		assert [row["exc_type"] for row in run["results"]] == ["PermissionError"]
		run = apply(api(reader), make_macro(reply="<p>Hello</p>"), issue)
		assert [row["exc_type"] for row in run["results"]] == ["PermissionError"]
		assert count_traces(issue) == (0, 0, 0, 0, 0, 0)
	finally:
		frappe.delete_doc("Custom DocPerm", rule.name, force=True)
		frappe.clear_cache(doctype="Issue")
		frappe.db.commit()


def test_team_macros_are_for_their_team(api, agent) -> None:
	role = factories.make_record("Role", role_name=factories.make_unique("Team")).name
	own, others = make_macro(note="<p>x</p>", role="Support Team"), make_macro(note="<p>x</p>", role=role)
	disabled, foreign = (
		make_macro(note="<p>x</p>", enabled=0),
		make_macro(note="<p>x</p>", ticket_type="HD Ticket"),
	)
	names = {macro["name"] for macro in get_data(api(agent).get(LIST))}
	assert own in names and not {others, disabled, foreign} & names
	issue = factories.make_issue()
	replies = [
		api(agent).post(APPLY, macro=macro, issues=[issue.name])
		for macro in (others, disabled, foreign, "none")
	]
	assert {get_error(reply) for reply in replies} == {(404, "DoesNotExistError")}


@pytest.mark.parametrize("roles", [("Customer",), ("HR User",)])
def test_others_than_staff_are_refused(api, roles) -> None:
	user = factories.make_user(*roles).name
	macro, issue = make_macro(note="<p>x</p>"), factories.make_issue(raised_by=user)
	assert get_error(api(user).get(LIST)) == (403, "PermissionError")
	assert get_error(api(user).post(APPLY, macro=macro, issues=[issue.name])) == (403, "PermissionError")
	assert get_error(api(user).post(PREVIEW, macro=macro, issue=issue.name))[0] in (403, 404)
	assert count_traces(issue) == (0, 0, 0, 0, 0, 0)


def test_guests_are_refused(guest) -> None:
	assert get_error(guest.get(LIST)) == (401, "AuthenticationError")
	assert get_error(guest.post(APPLY, macro="x", issues=["y"])) == (401, "AuthenticationError")


@pytest.mark.parametrize(
	"issues", [[], "[", ["x"] * 0, [{"a": 1}], [str(number) for number in range(51)], ["1", "ISS"]]
)
def test_malformed_tickets_are_refused(api, agent, issues) -> None:
	assert get_error(api(agent).post(APPLY, macro=make_macro(note="<p>x</p>"), issues=issues)) == (
		400, "InvalidRequestError",
	)  # fmt: skip


@pytest.mark.parametrize(
	"values",
	[
		{},
		{"reply": "<p></p>"},
		{"reply": "{{ doc.password }}"},
		{"reply": "{{ frappe.db }}"},
		{"note": "{% for x in y %}"},
		{"reply": "{{ nobody }}"},
		{"status": "Nonsense"},
		{"priority": "Nonsense"},
		{"tags": ",".join(str(number) for number in range(21))},
	],
)
def test_macros_that_cannot_work_are_not_saved(site, values) -> None:
	with pytest.raises(frappe.ValidationError):
		make_macro(**values)
	frappe.db.rollback()


def test_agents_read_macros_but_do_not_change_them(api, agent) -> None:
	macro = make_macro(note="<p>x</p>")
	reply = api(agent).post("frappe.client.set_value", doctype="Ticket Macro", name=macro, note="<p>y</p>")
	assert get_error(reply) == (403, "PermissionError")


def test_scripts_in_a_macro_are_removed(api, agent) -> None:
	issue = factories.make_issue(subject="<script>alert(1)</script>")
	macro = make_macro(note="<p>{{ subject }}<img src=x onerror=alert(2)></p>")
	shown = get_data(api(agent).post(PREVIEW, macro=macro, issue=issue.name))
	assert "<script" not in shown["note"] and "onerror" not in shown["note"]
