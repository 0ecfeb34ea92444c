"""New tickets are assigned by the platform's Assignment Rule; `assigned_to` has its choice."""

import contextlib

import pytest

import frappe

from tests.support import factories, helpdesk

WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@pytest.fixture
def team(site) -> list[str]:
	return [factories.make_user("Support Team", "Agent").name for _ in range(2)]


@contextlib.contextmanager
def use_assignment_rule(doctype: str, subject: str, kind: str, users: list[str]):
	"""Create a rule for tickets of that subject, until the context ends."""
	made = factories.make_record(
		"Assignment Rule",
		__newname=factories.make_unique("Rule"),
		document_type=doctype,
		assign_condition=f'subject == "{subject}"',
		close_condition='status in ("Resolved", "Closed")',
		rule=kind,
		users=[{"user": user} for user in users],
		assignment_days=[{"day": day} for day in WEEK],
		description="Assigned by rule",
	)
	try:
		yield
	finally:
		frappe.set_user("Administrator")
		frappe.db.rollback()
		frappe.delete_doc("Assignment Rule", made.name)
		frappe.db.commit()


def insert(client, subject: str) -> dict:
	reply = client.post("frappe.client.insert", doctype="Issue", issue_title=subject)
	assert reply.status_code == 201, reply.text
	return reply.json()["data"]


def test_round_robin_goes_from_one_to_the_next(api, team):
	subject = factories.make_unique("Round")
	with use_assignment_rule("Issue", subject, "Round Robin", team):
		client = api(team[0])
		assert [insert(client, subject)["assigned_to"] for _ in range(4)] == [team[0], team[1]] * 2


def test_load_balancing_assigns_the_user_with_the_fewest(api, team):
	subject = factories.make_unique("Load")
	with use_assignment_rule("Issue", subject, "Load Balancing", team):
		client = api(team[0])
		first = insert(client, subject)
		second = insert(client, subject)
		assert {first["assigned_to"], second["assigned_to"]} == set(team)
		client.post("frappe.client.set_value", doctype="Issue", name=second["name"], status="Closed")
		assert insert(client, subject)["assigned_to"] == second["assigned_to"]


def test_hd_tickets_are_assigned_by_a_rule_as_well(site, api, team):
	subject = factories.make_unique("Helpdesk")
	with use_assignment_rule("HD Ticket", subject, "Round Robin", team):
		tickets = [helpdesk.make_hd_ticket(subject=subject) for _ in range(2)]
		for user, ticket in zip(team, tickets, strict=True):
			mine = api(user).get("orchestrator.helpdesk.get_my_tickets").json()["data"]["tickets"]
			assert [row["name"] for row in mine] == [str(ticket.name)]


def test_assignee_of_the_call_overrides_the_rule(api, team):
	subject = factories.make_unique("Named")
	with use_assignment_rule("Issue", subject, "Round Robin", [team[0]]):
		reply = api(team[0]).post(
			"frappe.client.insert", doctype="Issue", issue_title=subject, assigned_to=team[1]
		)
	assert reply.json()["data"]["assigned_to"] == team[1]
