"""Issues through the documented generic calls, their possible assignees, and the caller's own tickets."""

import pytest

import frappe

from tests.support import factories, helpdesk
from tests.support.client import get_error

MINE = "orchestrator.helpdesk.get_my_tickets"


@pytest.fixture
def agent(site) -> str:
	return factories.make_user("Support Team").name


def insert(client, **values):
	return client.post(
		"frappe.client.insert",
		doctype="Issue",
		**{
			"issue_title": factories.make_unique("Issue"),
			"customer_email": factories.make_unique_email(),
			**values,
		},
	)


def change(client, name: str, **values):
	return client.post("frappe.client.set_value", doctype="Issue", name=name, **values)


def get_state(name: str) -> tuple:
	"""Return the stored issue and its assignments."""
	frappe.db.rollback()
	issue = frappe.db.get_value("Issue", name, ["status", "assigned_to", "_assign"], as_dict=True)
	todos = frappe.get_all("ToDo", {"reference_name": name}, pluck="allocated_to")
	return issue.status, issue.assigned_to, issue._assign, todos


class TestTheDocumentedCalls:
	def test_create_list_update_and_delete(self, api, agent):
		helpdesk.get_agreement()
		customer = factories.make_customer().name
		address = factories.make_unique_email("caller")
		client = api(agent)
		reply = client.post(
			"frappe.client.insert",
			doctype="Issue",
			issue_title="Cannot login to system",
			description="I'm getting an authorization error when trying to log in",
			priority="High",
			customer=customer,
			customer_email=address,
		)
		assert reply.status_code == 201, reply.text
		data = reply.json()["data"]
		assert (data["issue_title"], data["subject"]) == ("Cannot login to system", "Cannot login to system")
		assert (data["customer_email"], data["raised_by"]) == (address, address)
		assert (data["priority"], data["customer"], data["status"]) == ("High", customer, "Open")

		colleague = factories.make_user("Support Team").name
		reply = change(client, data["name"], status="In Progress", assigned_to=colleague)
		assert reply.status_code == 200, reply.text
		assert (reply.json()["data"]["status"], reply.json()["data"]["assigned_to"]) == (
			"In Progress",
			colleague,
		)
		assert get_state(data["name"]) == ("In Progress", colleague, f'["{colleague}"]', [colleague])

		listed = client.get(
			"frappe.client.get_list",
			doctype="Issue",
			filters=f'[["customer_email","=","{address}"]]',
			fields='["name","issue_title","customer_email","status"]',
			order_by="modified desc",
		)
		assert listed.json()["data"] == [
			{
				"name": data["name"],
				"issue_title": "Cannot login to system",
				"customer_email": address,
				"status": "In Progress",
			}
		]
		frappe.delete_doc("ToDo", frappe.db.get_value("ToDo", {"reference_name": data["name"]}))
		frappe.db.commit()
		deleted = client.request(
			"DELETE", f"/api/method/frappe.client.delete?doctype=Issue&name={data['name']}"
		)
		assert deleted.status_code == 200, deleted.text
		assert not frappe.db.exists("Issue", data["name"])

	@pytest.mark.parametrize(
		("values", "status"),
		[
			({"priority": "Whenever"}, 422),
			({"customer": "Nobody"}, 422),
			({"status": "Sleeping"}, 422),
			({"customer_mail": "x@harbor.example"}, 400),
		],
	)
	def test_what_does_not_fit_is_refused_and_nothing_is_written(self, api, agent, values, status):
		title = factories.make_unique("Refused")
		assert insert(api(agent), issue_title=title, **values).status_code == status
		frappe.db.rollback()
		assert frappe.db.count("Issue", {"subject": title}) == 0


class TestAssignedTo:
	"""Users who cannot be assigned, by both routes; nothing of the request is written."""

	@pytest.fixture(params=["nobody", "disabled", "stranger", "customer", "of another company"])
	def unfit(self, request, site) -> str:
		if request.param == "nobody":
			return factories.make_unique_email("nobody")
		if request.param == "customer":
			return helpdesk.make_portal_user()
		if request.param == "stranger":
			return factories.make_user("Accounts User").name
		if request.param == "disabled":
			return factories.make_user("Support Team", enabled=0).name
		user = factories.make_user("Support Team").name
		factories.make_record(
			"User Permission", user=user, allow="Company", for_value=helpdesk.get_other_company()
		)
		return user

	def test_set_value_is_422_and_writes_nothing(self, api, agent, unfit):
		issue = factories.make_issue(company=factories.get_company())
		reply = change(api(agent), issue.name, status="In Progress", assigned_to=unfit)
		assert reply.status_code == 422, reply.text
		assert unfit in reply.json()["exc"]
		assert get_state(issue.name) == ("Open", None, None, [])
		assert not frappe.db.exists("DocShare", {"share_name": issue.name})

	def test_insert_is_422_and_writes_nothing(self, api, agent, unfit):
		title = factories.make_unique("Unassigned")
		reply = insert(api(agent), issue_title=title, assigned_to=unfit, company=factories.get_company())
		assert reply.status_code == 422, reply.text
		frappe.db.rollback()
		assert frappe.db.count("Issue", {"subject": title}) == 0
		assert frappe.db.count("ToDo", {"allocated_to": unfit}) == 0

	def test_inserting_with_a_fit_user_assigns(self, api, agent):
		reply = insert(api(agent), assigned_to=agent)
		assert reply.status_code == 201, reply.text
		assert get_state(reply.json()["data"]["name"]) == ("Open", agent, f'["{agent}"]', [agent])

	def test_who_may_not_write_the_issue_assigns_nobody(self, api, agent):
		issue = factories.make_issue()
		reply = change(api(factories.make_user("Sales User").name), issue.name, assigned_to=agent)
		assert get_error(reply) == (403, "PermissionError")
		assert get_state(issue.name) == ("Open", None, None, [])


class TestHDTicket:
	"""The same calls with the DocType of Helpdesk: the same names, values and refusals."""

	@pytest.fixture
	def hd_agent(self, site) -> str:
		return helpdesk.make_agent()

	def test_create_list_and_update(self, api, hd_agent):
		address, colleague = factories.make_unique_email("caller"), helpdesk.make_agent()
		client = api(hd_agent)
		reply = client.post(
			"frappe.client.insert",
			doctype="HD Ticket",
			issue_title="Cannot login to system",
			description="I'm getting an authorization error when trying to log in",
			priority="High",
			customer_email=address,
			assigned_to=hd_agent,
		)
		assert reply.status_code == 201, reply.text
		data = reply.json()["data"]
		assert (data["issue_title"], data["customer_email"], data["priority"], data["status"]) == (
			"Cannot login to system", address, "High", "Open",
		)  # fmt: skip
		assert data["assigned_to"] == hd_agent
		reply = client.post(
			"frappe.client.set_value",
			doctype="HD Ticket",
			name=data["name"],
			status="In Progress",
			assigned_to=colleague,
		)
		assert reply.status_code == 200, reply.text
		listed = client.get(
			"frappe.client.get_list",
			doctype="HD Ticket",
			filters=f'[["customer_email","=","{address}"]]',
			fields='["name","issue_title","customer_email","status","status_category","assigned_to"]',
			order_by="modified desc",
		)
		assert listed.json()["data"] == [
			{
				"name": data["name"],
				"issue_title": "Cannot login to system",
				"customer_email": address,
				"status": "In Progress",
				"status_category": "Open",
				"assigned_to": colleague,
			}
		]
		assert self.assigned(data["name"]) == (colleague, f'["{colleague}"]', [colleague])

	def assigned(self, name: int) -> tuple:
		frappe.db.rollback()
		todos = frappe.get_all(
			"ToDo",
			{"reference_type": "HD Ticket", "reference_name": name, "status": "Open"},
			pluck="allocated_to",
		)
		return (*frappe.db.get_value("HD Ticket", name, ["assigned_to", "_assign"]), todos)

	@pytest.mark.parametrize(
		"values", [{"status": "Sleeping"}, {"priority": "Whenever"}, {"customer": "Nobody"}]
	)
	def test_what_does_not_fit_is_422_and_nothing_is_written(self, api, hd_agent, values):
		ticket, subject = helpdesk.make_hd_ticket(), factories.make_unique("Refused")
		client = api(hd_agent)
		inserted = client.post("frappe.client.insert", doctype="HD Ticket", issue_title=subject, **values)
		changed = client.post("frappe.client.set_value", doctype="HD Ticket", name=ticket.name, **values)
		assert [inserted.status_code, changed.status_code] == [422, 422]
		frappe.db.rollback()
		assert frappe.db.count("HD Ticket", {"subject": subject}) == 0
		(field,) = values
		assert frappe.db.get_value("HD Ticket", ticket.name, field) == ticket.get(field)

	def test_an_invalid_assignee_is_422_and_nothing_is_written(self, api, hd_agent):
		ticket, client = helpdesk.make_hd_ticket(), api(hd_agent)
		unfit = (
			factories.make_unique_email("nobody"),
			factories.make_user("Agent", enabled=0).name,
			factories.make_user("Support Team").name,
			helpdesk.make_portal_user(),
		)
		for user in unfit:
			changes = {"name": ticket.name, "status": "In Progress", "assigned_to": user}
			reply = client.post("frappe.client.set_value", doctype="HD Ticket", **changes)
			assert (reply.status_code, user in reply.json()["exc"]) == (422, True)
		assert self.assigned(ticket.name) == (None, None, [])
		assert frappe.db.get_value("HD Ticket", ticket.name, "status") == "Open"
		assert not frappe.db.exists("DocShare", {"share_doctype": "HD Ticket", "share_name": ticket.name})

	def test_its_customer_changes_it_but_assigns_nobody(self, api, hd_agent):
		customer = helpdesk.make_portal_user()
		ticket = helpdesk.make_hd_ticket(raised_by=customer, assigned_to=hd_agent)
		client = api(customer)
		for user in (helpdesk.make_agent(), customer):
			reply = client.post(
				"frappe.client.set_value", doctype="HD Ticket", name=ticket.name, assigned_to=user
			)
			assert (reply.status_code, reply.json()["exc"]) == (
				403,
				"PermissionError: Only agents may assign tickets. Leave assigned_to out.",
			)
		reply = client.post(
			"frappe.client.set_value",
			doctype="HD Ticket",
			name=ticket.name,
			assigned_to=None,
			issue_title="Still",
		)
		assert (reply.status_code, reply.json()["data"]["subject"]) == (200, "Still")
		assert self.assigned(ticket.name) == (hd_agent, f'["{hd_agent}"]', [hd_agent])

	def test_its_customer_raises_one_by_the_same_call_and_reads_no_other(self, api):
		customer, theirs = helpdesk.make_portal_user(), helpdesk.make_hd_ticket()
		client = api(customer)
		reply = client.post(
			"frappe.client.insert", doctype="HD Ticket", issue_title="Help", description="Please"
		)
		assert (reply.status_code, reply.json()["data"]["customer_email"]) == (201, customer)
		listed = client.get("frappe.client.get_list", doctype="HD Ticket", fields='["issue_title"]').json()
		assert listed["data"] == [{"issue_title": "Help"}]
		got = client.get("frappe.client.get", doctype="HD Ticket", name=theirs.name)
		changed = client.post(
			"frappe.client.set_value", doctype="HD Ticket", name=theirs.name, issue_title="Mine"
		)
		deleted = client.post("frappe.client.delete", doctype="HD Ticket", name=theirs.name)
		assert [reply.status_code for reply in (got, changed, deleted)] == [404, 404, 403]


class TestMyTickets:
	def mine(self, client, **params) -> dict:
		reply = client.get(MINE, **params)
		assert reply.status_code == 200, reply.text
		return reply.json()["data"]

	def names(self, client, **params) -> list[str]:
		return [row["name"] for row in self.mine(client, **params)["tickets"]]

	def test_staff_get_assigned_issues_and_hd_tickets(self, api):
		user = factories.make_user("Support Team", "Agent").name
		issue, ticket = factories.make_issue(), helpdesk.make_hd_ticket()
		factories.make_issue()
		for doc in (issue, ticket):
			factories.assign(doc, user)
		data = self.mine(api(user))
		assert data["total"] == 2
		assert {(row["doctype"], row["name"], row["assigned_to"]) for row in data["tickets"]} == {
			("HD Ticket", str(ticket.name), user),
			("Issue", issue.name, user),
		}

	def test_a_row_has_the_documented_fields(self, api, agent):
		customer = frappe.db.get_value("Service Level Agreement", helpdesk.get_agreement(), "entity")
		issue = factories.make_issue(
			customer=customer, priority="High", service_level_agreement_creation="2027-02-01 10:00:00"
		)
		factories.assign(issue, agent)
		(row,) = self.mine(api(agent))["tickets"]
		assert row.pop("creation") <= row.pop("modified")
		assert row == {
			"name": issue.name,
			"doctype": "Issue",
			"subject": issue.subject,
			"status": "Open",
			"priority": "High",
			"customer": customer,
			"raised_by": issue.raised_by,
			"assigned_to": agent,
			"first_response_due": "2027-02-01T12:00:00",
			"resolution_due": "2027-02-02T14:00:00",
		}

	def test_a_done_assignment_is_none_any_more(self, api, agent):
		issue = factories.make_issue()
		factories.assign(issue, agent)
		frappe.db.set_value("ToDo", {"reference_name": issue.name}, "status", "Closed")
		frappe.db.commit()
		assert self.names(api(agent)) == []

	def test_customer_gets_raised_tickets_without_assignees(self, api, agent):
		customer = helpdesk.make_portal_user()
		issue = factories.make_issue(raised_by=customer)
		ticket = helpdesk.make_hd_ticket(raised_by=customer)
		factories.make_issue(), helpdesk.make_hd_ticket()
		factories.assign(issue, agent)
		data = self.mine(api(customer))
		assert {(row["doctype"], row["name"], row["assigned_to"]) for row in data["tickets"]} == {
			("Issue", issue.name, None),
			("HD Ticket", str(ticket.name), None),
		}
		assert data["total"] == 2

	def test_a_customers_contact_counts(self, api):
		customer = helpdesk.make_portal_user()
		contact = (
			frappe.db.get_value("Contact", {"user": customer})
			or factories.make_record("Contact", first_name="Ines", user=customer).name
		)
		issue = factories.make_issue(contact=contact)
		assert self.names(api(customer)) == [issue.name]

	def test_relation_turns_it_round(self, api, agent):
		assigned, raised = factories.make_issue(), factories.make_issue(raised_by=agent)
		factories.assign(assigned, agent)
		client = api(agent)
		assert self.names(client, relation="assigned") == [assigned.name]
		assert self.names(client, relation="raised") == [raised.name]

	def test_pages_follow_each_other_over_both_doctypes(self, api):
		customer = helpdesk.make_portal_user()
		made = []
		for number in range(3):
			for make in (factories.make_issue, helpdesk.make_hd_ticket):
				doc = make(raised_by=customer)
				moment = f"2027-01-0{number + 1} {'10' if make is factories.make_issue else '12'}:00:00"
				frappe.db.set_value(doc.doctype, doc.name, "modified", moment, update_modified=False)
				made.insert(0, str(doc.name))
		frappe.db.commit()
		client = api(customer)
		assert self.names(client) == made
		pages = [self.names(client, limit_start=start, limit_page_length=4) for start in (0, 4, 8)]
		assert pages == [made[:4], made[4:], []]
		assert self.mine(client, limit_start=4)["total"] == 6

	def test_filters_by_status_and_doctype(self, api):
		customer = helpdesk.make_portal_user()
		issue = factories.make_issue(raised_by=customer, status="In Progress")
		other = factories.make_issue(raised_by=customer)
		ticket = helpdesk.make_hd_ticket(raised_by=customer)
		client = api(customer)
		assert self.names(client, status="In Progress") == [issue.name]
		assert set(self.names(client, doctype="Issue")) == {issue.name, other.name}
		assert self.names(client, doctype="HD Ticket") == [str(ticket.name)]

	def test_an_assignee_who_may_not_read_it_does_not_get_it(self, api):
		"""The assignment is inserted directly, without the check."""
		user = factories.make_user("Support Team").name
		issue = factories.make_issue(company=factories.get_company())
		factories.assign(issue, user)
		factories.make_record(
			"User Permission", user=user, allow="Company", for_value=helpdesk.get_other_company()
		)
		frappe.db.delete("DocShare", {"share_name": issue.name})
		frappe.db.commit()
		assert self.names(api(user)) == []

	@pytest.mark.parametrize(
		"params",
		[
			{"relation": "owned"},
			{"doctype": "User"},
			{"limit_page_length": 501},
			{"limit_page_length": 0},
			{"limit_start": -1},
			{"limit_start": "x"},
		],
	)
	def test_what_there_is_not_is_400(self, api, agent, params):
		assert get_error(api(agent).get(MINE, **params)) == (400, "InvalidRequestError")

	def test_guest_is_401(self, guest):
		assert get_error(guest.get(MINE)) == (401, "AuthenticationError")

	def test_who_has_nothing_to_do_with_tickets_has_none(self, api):
		assert self.mine(api(factories.make_user("Sales User").name)) == {"tickets": [], "total": 0}
