"""add_issue_comment: replies to the customer and internal notes, on an Issue and on an HD Ticket."""

import email
from email.message import EmailMessage, Message

import pytest

import frappe
from frappe.email.receive import InboundMail
from frappe.utils.data import quoted

from tests.support import factories, helpdesk, smtp
from tests.support.client import get_error

METHOD = "orchestrator.helpdesk.add_issue_comment"


@pytest.fixture(scope="module")
def agent(frappe_site) -> str:
	return factories.make_user("Support Team").name


@pytest.fixture
def account(site):
	with helpdesk.use_outgoing_account() as address:
		yield address


@pytest.fixture
def issue(site):
	return factories.make_issue()


@pytest.fixture
def ticket(site):
	return helpdesk.make_hd_ticket()


def post_comment(client, doc, message="We are on it.", expect=201, **body) -> dict:
	reply = client.post(METHOD, issue=str(doc.name), message=message, **body)
	assert reply.status_code == expect, reply.text
	frappe.db.rollback()
	return reply.json()["data"]


def list_communications(doc) -> list:
	frappe.db.rollback()
	return frappe.get_all(
		"Communication",
		{"reference_doctype": doc.doctype, "reference_name": str(doc.name)},
		["name", "content", "sent_or_received", "sender", "recipients", "in_reply_to", "message_id"],
		order_by="creation",
	)


def get_queued_mail(communication: str) -> tuple[list[str], Message]:
	"""Return the recipients of the queued mail, and the mail itself."""
	queue = frappe.get_doc("Email Queue", {"communication": communication})
	return [row.recipient for row in queue.recipients], email.message_from_string(queue.message)


def receive(doc, message_id: str, content: str = "It is broken.") -> str:
	"""Create a mail of the customer, as the site's mail account would receive it."""
	return factories.make_record(
		"Communication",
		communication_type="Communication",
		communication_medium="Email",
		sent_or_received="Received",
		subject=doc.subject,
		sender=doc.raised_by,
		content=content,
		message_id=message_id,
		reference_doctype=doc.doctype,
		reference_name=doc.name,
	).name


def send(communication: str) -> None:
	"""Send queued mails, as the site's scheduled job does."""
	frappe.flags.mute_emails = False
	try:
		frappe.get_doc("Email Queue", {"communication": communication}).send()
	finally:
		frappe.flags.mute_emails = True


def answer(mail: Message, sender: str, account: str, content: str) -> str:
	"""Answer from the customer's mail program; return the Communication that the site creates."""
	reply = EmailMessage()
	reply["From"], reply["To"], reply["Subject"] = sender, account, f"Re: {mail['Subject']}"
	reply["Message-Id"], reply["In-Reply-To"] = (
		f"<{frappe.generate_hash()}@harbor.example>",
		mail["Message-Id"],
	)
	reply.set_content(content)
	account_doc = frappe.get_doc("Email Account", {"email_id": account})
	received = InboundMail(reply.as_bytes(), account_doc).process()
	frappe.db.commit()
	return received.name


def make_file(user: str = "Administrator", **values) -> str:
	frappe.set_user(user)
	try:
		return factories.make_record(
			"File",
			file_name=f"{factories.make_unique('note')}.txt",
			content=factories.make_unique("text"),
			**values,
		).name
	finally:
		frappe.set_user("Administrator")


class TestPublicReplyOnAnIssue:
	def test_the_documented_call(self, api, agent, issue, account):
		message = "We've identified the issue in your account. Resetting your password now."
		reply = api(agent).post(METHOD, issue=issue.name, message=message, is_internal=False)
		assert reply.status_code == 201, reply.text
		body = reply.json()
		assert (body["message"], body["exc"]) == ("Comment added", "")
		(written,) = list_communications(issue)
		assert body["data"] == {
			"comment": written.name,
			"doctype": "Communication",
			"issue": issue.name,
			"is_internal": False,
			"content": message,
			"sender": agent,
			"recipients": [issue.raised_by],
			"cc": [],
			"attachments": [],
			"mail_queued": True,
			"mail_note": None,
			"status": "Open",
		}
		assert (written.sent_or_received, written.sender) == ("Sent", agent)

	def test_it_reaches_the_customer_through_the_sites_queue(self, api, agent, issue, account):
		data = post_comment(api(agent), issue, "Please try again.")
		recipients, mail = get_queued_mail(data["comment"])
		assert recipients == [issue.raised_by]
		assert mail["Subject"] == f"Re: {issue.subject}"
		assert "Please try again." in str(mail)

	def test_it_answers_the_customers_mail_in_its_thread(self, api, agent, issue, account):
		receive(issue, "first@harbor.example")
		second = receive(issue, "second@harbor.example")
		data = post_comment(api(agent), issue)
		_recipients, mail = get_queued_mail(data["comment"])
		assert mail["In-Reply-To"] == "<second@harbor.example>"
		stored = frappe.get_doc("Communication", data["comment"])
		assert stored.in_reply_to == second
		# with this, a mail that answers ours is assigned to the issue
		assert mail["Message-Id"] == f"<{stored.message_id}>"

	def test_a_second_reply_continues_the_first(self, api, agent, issue, account):
		client = api(agent)
		first = post_comment(client, issue, "One.")
		second = post_comment(client, issue, "Two.")
		_recipients, mail = get_queued_mail(second["comment"])
		sent = frappe.db.get_value("Communication", first["comment"], "message_id")
		assert mail["In-Reply-To"] == f"<{sent}>"

	@pytest.mark.parametrize("make", [factories.make_issue, helpdesk.make_hd_ticket])
	def test_it_is_mailed_and_the_customers_answer_is_added_to_the_ticket(self, api, make):
		doc, caller = make(), factories.make_user("Support Team", "Agent").name
		with smtp.serve_smtp() as sink, helpdesk.use_outgoing_account(sink.port) as address:
			data = post_comment(api(caller), doc, "Please try again.")
			assert (
				frappe.db.get_value("Email Queue", {"communication": data["comment"]}, "status") == "Not Sent"
			)
			send(data["comment"])
			((recipients, mail),) = sink.mails
			received = answer(mail, doc.raised_by, address, "It works.")
		assert recipients == [doc.raised_by]
		assert "Please try again." in mail.as_string()
		assert frappe.db.get_value("Email Queue", {"communication": data["comment"]}, "status") == "Sent"
		stored = frappe.get_doc("Communication", received)
		assert (stored.reference_doctype, stored.reference_name, stored.in_reply_to) == (
			doc.doctype, str(doc.name), data["comment"],
		)  # fmt: skip
		assert (stored.sent_or_received, "It works." in stored.content) == ("Received", True)

	def test_a_mail_does_not_answer_a_note_in_between(self, api, agent, issue, account):
		client = api(agent)
		receive(issue, "asked@harbor.example")
		post_comment(client, issue, "For us.", is_internal=True)
		data = post_comment(client, issue, "For you.")
		_recipients, mail = get_queued_mail(data["comment"])
		assert mail["In-Reply-To"] == "<asked@harbor.example>"
		assert "For us." not in str(mail)

	def test_without_an_account_it_is_written_and_says_that_no_mail_was_sent(self, api, agent, issue):
		data = post_comment(api(agent), issue)
		assert data["mail_queued"] is False
		assert data["mail_note"].startswith("No email was sent: this site has no outgoing Email Account.")
		assert [row.name for row in list_communications(issue)] == [data["comment"]]
		assert not frappe.db.exists("Email Queue", {"communication": data["comment"]})

	def test_without_an_address_it_is_written_and_says_so(self, api, agent, account):
		issue = factories.make_issue(raised_by="Administrator")
		data = post_comment(api(agent), issue)
		assert (data["mail_queued"], data["recipients"]) == (False, [])
		assert data["mail_note"].startswith("No email was sent: the ticket has no email address")

	def test_the_contacts_address_is_the_fallback(self, api, agent, account):
		address = factories.make_unique_email("contact")
		contact = factories.make_record(
			"Contact", first_name="Ines", email_ids=[{"email_id": address, "is_primary": 1}]
		)
		issue = factories.make_issue(raised_by="Administrator", contact=contact.name)
		assert post_comment(api(agent), issue)["recipients"] == [address]

	def test_it_stops_the_clock_of_the_first_response_and_not_the_status(self, api, agent):
		agreement = helpdesk.get_agreement()
		customer = frappe.db.get_value("Service Level Agreement", agreement, "entity")
		issue = factories.make_issue(customer=customer, priority="High")
		client = api(agent)
		assert post_comment(client, issue)["status"] == "Open"
		data = client.get("orchestrator.helpdesk.get_sla_status", issue=issue.name).json()["data"]
		assert (data["first_response_met"], data["first_response_status"]) == (True, "met")
		assert data["first_responded_on"] is not None
		assert data["resolution_status"] == "on_track"
		post_comment(client, issue, "Once more.")
		again = client.get("orchestrator.helpdesk.get_sla_status", issue=issue.name).json()["data"]
		assert again["first_responded_on"] == data["first_responded_on"]

	def test_the_same_key_replies_once(self, api, agent, issue):
		client = api(agent)
		headers = {"Idempotency-Key": factories.make_unique("key")}
		replies = [client.post(METHOD, headers, issue=issue.name, message="Once.") for _ in range(2)]
		assert replies[0].json()["data"] == replies[1].json()["data"]
		assert len(list_communications(issue)) == 1


class TestText:
	@pytest.mark.parametrize(
		("message", "kept"),
		[
			("<p>Try <b>this</b></p>", "<p>Try <b>this</b></p>"),
			("Line one\nLine two", "Line one<br>Line two"),
			("2 < 3 & 4", "2 &lt; 3 &amp; 4"),
			(
				"<p>Hi</p><script>alert(1)</script>",
				"<p>Hi</p>&lt;script&gt;alert(1)&lt;/script&gt;",
			),
			('<img src="x" onerror="alert(1)">', '<img src="x">'),
			('<a href="javascript:alert(1)">go</a>', f"<a{factories.LINK_REL}>go</a>"),
			("<form><input><b>x</b></form>", None),
		],
	)
	@pytest.mark.parametrize("is_internal", [False, True])
	def test_html_is_sanitised(self, api, agent, issue, message, kept, is_internal):
		content = post_comment(api(agent), issue, message, is_internal=is_internal)["content"]
		if kept is None:
			assert "<form" not in content and "<input" not in content
		else:
			assert content == kept

	@pytest.mark.parametrize("message", ["  ", "<p> </p>", "<p>&nbsp;</p>"])
	def test_an_empty_message_is_422(self, api, agent, issue, message):
		reply = api(agent).post(METHOD, issue=issue.name, message=message)
		assert (reply.status_code, reply.json()["exc"]) == (
			422,
			"ValidationError: The message is empty. Enter the text of the comment.",
		)
		assert list_communications(issue) == []

	def test_a_picture_alone_is_a_message(self, api, agent, issue):
		post_comment(api(agent), issue, '<img src="/files/screen.png">')
		(sent,) = list_communications(issue)
		assert '<img src="/files/screen.png"' in sent.content


class TestInternalNote:
	def test_it_is_a_comment_and_nothing_leaves(self, api, agent, issue, account):
		data = post_comment(api(agent), issue, "Ask the front desk.", is_internal=True)
		assert (data["doctype"], data["is_internal"]) == ("Comment", True)
		assert (data["mail_queued"], data["mail_note"], data["recipients"]) == (False, None, [])
		note = frappe.get_doc("Comment", data["comment"])
		assert (note.reference_name, note.comment_type, note.comment_email, note.published) == (
			issue.name, "Comment", agent, 0,
		)  # fmt: skip
		assert list_communications(issue) == []
		assert not frappe.db.exists("Email Queue", {"reference_name": issue.name})

	def test_it_stops_no_clock(self, api, agent):
		agreement = helpdesk.get_agreement()
		customer = frappe.db.get_value("Service Level Agreement", agreement, "entity")
		issue = factories.make_issue(customer=customer, priority="High")
		client = api(agent)
		post_comment(client, issue, "Hm.", is_internal=True)
		data = client.get("orchestrator.helpdesk.get_sla_status", issue=issue.name).json()["data"]
		assert (data["first_responded_on"], data["first_response_met"]) == (None, False)

	@pytest.mark.parametrize("make", [factories.make_issue, helpdesk.make_hd_ticket])
	def test_a_customer_writes_none(self, api, make):
		customer = helpdesk.make_portal_user()
		doc = make(raised_by=customer)
		reply = api(customer).post(METHOD, issue=str(doc.name), message="Psst", is_internal=True)
		assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")
		frappe.db.rollback()
		assert not frappe.db.exists("Comment", {"content": ("like", "%Psst%")})
		assert not frappe.db.exists("HD Ticket Comment", {"content": ("like", "%Psst%")})


class TestAttachments:
	def test_a_reply_takes_the_file_along_and_leaves_the_callers_where_it_is(
		self, api, agent, issue, account
	):
		file = make_file(agent, is_private=1)
		data = post_comment(api(agent), issue, attachments=[file])
		assert data["attachments"] == [file]
		of_the_reply = frappe.get_all(
			"File", {"attached_to_doctype": "Communication", "attached_to_name": data["comment"]}, ["*"]
		)
		original = frappe.get_doc("File", file)
		assert [(row.file_url, row.is_private) for row in of_the_reply] == [(original.file_url, 1)]
		assert original.attached_to_name is None
		queue = frappe.get_doc("Email Queue", {"communication": data["comment"]})
		assert original.file_url in queue.attachments or of_the_reply[0].name in queue.attachments

	def test_a_note_has_its_file_to_itself(self, api, agent, issue):
		"""If it were attached to the issue itself, the portal might list it."""
		data = post_comment(api(agent), issue, is_internal=True, attachments=[make_file(agent, is_private=1)])
		(file,) = frappe.get_all("File", {"attached_to_name": data["comment"]}, ["attached_to_doctype"])
		assert file.attached_to_doctype == "Comment"
		assert not frappe.db.exists("File", {"attached_to_name": issue.name})

	@pytest.mark.parametrize("make", [factories.make_issue, helpdesk.make_hd_ticket])
	def test_colleagues_read_a_notes_file_and_nobody_else_does(self, api, make):
		customer = helpdesk.make_portal_user()
		author, colleague = (factories.make_user("Support Team", "Agent").name for _ in range(2))
		doc, stranger = make(raised_by=customer), factories.make_user("Sales User").name
		factories.make_record(
			"DocShare", user=customer, share_doctype=doc.doctype, share_name=str(doc.name), read=1
		)
		file = make_file(author, is_private=1)
		post_comment(api(author), doc, is_internal=True, attachments=[file])
		path = frappe.db.get_value("File", file, "file_url")
		statuses = [
			api(user).request("GET", path).status_code for user in (author, colleague, customer, stranger)
		]
		assert statuses == [200, 200, 403, 403]

	def test_a_note_on_an_issue_links_its_files_because_desk_shows_none(self, api, agent, issue):
		file = make_file(agent, is_private=1)
		stored = frappe.get_doc("File", file)
		data = post_comment(api(agent), issue, is_internal=True, attachments=[file])
		assert data["content"] == (
			f'We are on it.<p><a href="{quoted(stored.file_url)}"{factories.LINK_REL}>{stored.file_name}</a></p>'
		)

	def test_a_list_may_be_comma_separated_text(self, api, agent, issue):
		file = make_file(agent)
		assert post_comment(api(agent), issue, attachments=f'["{file}"]')["attachments"] == [file]

	@pytest.mark.parametrize("is_hidden", [True, False])
	@pytest.mark.parametrize("make", [factories.make_issue, helpdesk.make_hd_ticket])
	def test_a_file_that_the_caller_may_not_read_is_422_as_a_missing_one(self, api, make, is_hidden):
		doc, caller = make(), factories.make_user("Support Team", "Agent").name
		name = make_file("Administrator", is_private=1) if is_hidden else "no-such-file"
		reply = api(caller).post(METHOD, issue=str(doc.name), message="See here", attachments=[name])
		assert (reply.status_code, reply.json()["exc"]) == (
			422,
			f"LinkValidationError: There is no File {name} that you may attach. Upload it first and send its name.",
		)
		frappe.db.rollback()
		assert not frappe.db.exists("Communication", {"content": "See here", "reference_name": str(doc.name)})

	@pytest.mark.parametrize("attachments", ["not json", {"name": "x"}, "{}", "0", [1]])
	def test_what_is_no_list_of_names_is_400(self, api, agent, issue, attachments):
		reply = api(agent).post(METHOD, issue=issue.name, message="Hello", attachments=attachments)
		assert get_error(reply) == (400, "InvalidRequestError")
		assert list_communications(issue) == []


class TestCustomerOnAnIssue:
	@pytest.fixture
	def customer(self, site):
		return helpdesk.make_portal_user()

	@pytest.fixture
	def own(self, customer):
		return factories.make_issue(raised_by=customer)

	def test_a_reply_is_received_and_reopens_the_issue(self, api, customer, own):
		own.status = "Replied"
		own.save()
		frappe.db.commit()
		data = post_comment(api(customer), own, "Still broken.")
		(received,) = list_communications(own)
		assert (received.sent_or_received, received.sender, received.content) == (
			"Received", customer, "Still broken.",
		)  # fmt: skip
		assert (data["status"], data["sender"], data["mail_queued"]) == ("Open", customer, False)
		assert data["mail_note"] == "No email was sent: the support team sees the comment on the ticket."

	def test_a_reply_starts_the_paused_clock_again(self, api, customer):
		agreement = helpdesk.get_agreement()
		entity = frappe.db.get_value("Service Level Agreement", agreement, "entity")
		issue = factories.make_issue(raised_by=customer, customer=entity, priority="High")
		issue.status = "Replied"
		issue.save()
		frappe.db.commit()
		client = api(customer)
		asked = "orchestrator.helpdesk.get_sla_status"
		assert client.get(asked, issue=issue.name).json()["data"]["resolution_status"] == "paused"
		post_comment(client, issue, "Here is the number.")
		assert client.get(asked, issue=issue.name).json()["data"]["resolution_status"] == "on_track"

	def test_a_portal_user_of_the_customer_may_reply(self, api, customer):
		organisation = factories.make_customer(portal_users=[{"user": customer}])
		issue = factories.make_issue(customer=organisation.name)
		assert post_comment(api(customer), issue, "From a colleague.")["sender"] == customer

	def test_anothers_issue_is_404(self, api, customer, issue):
		reply = api(customer).post(METHOD, issue=issue.name, message="Hello")
		assert (reply.status_code, reply.json()["exc"]) == (
			404,
			f"DoesNotExistError: Issue {issue.name} not found.",
		)
		assert list_communications(issue) == []

	def test_own_files_go_along(self, api, customer, own):
		file = make_file(customer, is_private=1)
		data = post_comment(api(customer), own, attachments=[file])
		assert frappe.db.exists(
			"File", {"attached_to_doctype": "Communication", "attached_to_name": data["comment"]}
		)


class TestHDTicket:
	@pytest.fixture
	def hd_agent(self, site):
		return helpdesk.make_agent()

	def test_a_public_reply_is_helpdesks_own(self, api, hd_agent, ticket, account):
		data = post_comment(api(hd_agent), ticket, "<p>We are on it.</p>")
		assert (data["doctype"], data["issue"]) == ("Communication", str(ticket.name))
		assert (data["mail_queued"], data["recipients"]) == (True, [ticket.raised_by])
		recipients, mail = get_queued_mail(data["comment"])
		assert recipients == [ticket.raised_by]
		assert mail["Subject"] == f"Re: {ticket.subject}"
		assert frappe.db.get_value("HD Ticket", ticket.name, "first_responded_on") is not None

	def test_a_reply_answers_the_customers_mail(self, api, hd_agent, ticket, account):
		receive(ticket, "asked-helpdesk@harbor.example")
		_recipients, mail = get_queued_mail(post_comment(api(hd_agent), ticket)["comment"])
		assert mail["In-Reply-To"] == "<asked-helpdesk@harbor.example>"

	def test_without_an_account_it_is_written_and_says_so(self, api, hd_agent, ticket):
		data = post_comment(api(hd_agent), ticket)
		assert data["mail_queued"] is False
		assert data["mail_note"].startswith("No email was sent: this site has no outgoing Email Account.")
		assert frappe.db.get_value("HD Ticket", ticket.name, "first_responded_on") is not None

	def test_a_ticket_without_any_message_can_be_answered(self, api, hd_agent, account):
		ticket = helpdesk.make_hd_ticket(description=None)
		assert post_comment(api(hd_agent), ticket)["mail_queued"] is True

	def test_an_internal_note_is_a_comment_that_agents_see(self, api, hd_agent, ticket):
		data = post_comment(api(hd_agent), ticket, "Call them.", is_internal=True)
		assert data["doctype"] == "HD Ticket Comment"
		note = frappe.get_doc("HD Ticket Comment", data["comment"])
		assert (str(note.reference_ticket), note.commented_by) == (str(ticket.name), hd_agent)

	@pytest.mark.parametrize("is_internal", [False, True])
	def test_attachments(self, api, hd_agent, ticket, is_internal):
		file = make_file(hd_agent, is_private=1)
		data = post_comment(api(hd_agent), ticket, is_internal=is_internal, attachments=[file])
		url = frappe.db.get_value("File", file, "file_url")
		attached = {"attached_to_doctype": data["doctype"], "attached_to_name": data["comment"]}
		assert frappe.get_all("File", attached, pluck="file_url") == [url]
		assert frappe.db.get_value("File", file, "attached_to_name") is None

	def test_its_customer_replies_and_reopens_it(self, api, site):
		customer = helpdesk.make_portal_user()
		ticket = helpdesk.make_hd_ticket(raised_by=customer)
		ticket.status = "Replied"
		ticket.save()
		frappe.db.commit()
		data = post_comment(api(customer), ticket, "Still broken.")
		assert data["status"] == "Open"
		assert (list_communications(ticket)[-1].sent_or_received, data["sender"]) == ("Received", customer)

	def test_its_customer_replies_to_assigned_agents_without_an_account(self, api, hd_agent):
		customer = helpdesk.make_portal_user()
		ticket = helpdesk.make_hd_ticket(raised_by=customer)
		factories.assign(ticket, hd_agent)
		assert post_comment(api(customer), ticket, "Hello?")["mail_queued"] is False

	def test_another_customer_gets_404(self, api, ticket):
		before = list_communications(ticket)
		reply = api(helpdesk.make_portal_user()).post(METHOD, issue=str(ticket.name), message="Hello")
		assert get_error(reply) == (404, "DoesNotExistError")
		assert list_communications(ticket) == before

	def test_a_desk_user_without_a_role_gets_404(self, api, ticket):
		reply = api(factories.make_user("Sales User").name).post(
			METHOD, issue=str(ticket.name), message="Hello"
		)
		assert get_error(reply) == (404, "DoesNotExistError")


class TestRefusals:
	def test_guest_is_401(self, guest, issue):
		assert get_error(guest.post(METHOD, issue=issue.name, message="Hello")) == (
			401,
			"AuthenticationError",
		)

	def test_a_wrong_role_is_403(self, api, issue):
		reply = api(factories.make_user("Sales User").name).post(METHOD, issue=issue.name, message="Hello")
		assert get_error(reply) == (403, "PermissionError")
		assert list_communications(issue) == []

	def test_a_missing_issue_is_404(self, api, agent):
		assert get_error(api(agent).post(METHOD, issue="ISS-NONE", message="Hello")) == (
			404,
			"DoesNotExistError",
		)

	def test_a_missing_parameter_is_400(self, api, agent, issue):
		assert get_error(api(agent).post(METHOD, issue=issue.name)) == (400, "InvalidRequestError")
		assert get_error(api(agent).post(METHOD, message="Hello")) == (400, "InvalidRequestError")

	@pytest.mark.parametrize(
		("name", "value"),
		[("is_internal", "perhaps"), ("is_internal", "NaN"), ("issue", True), ("message", ["x"])],
	)
	def test_a_wrongly_typed_parameter_is_400(self, api, agent, issue, name, value):
		body = {"issue": issue.name, "message": "Hello", name: value}
		assert get_error(api(agent).post(METHOD, **body)) == (400, "InvalidRequestError")
		assert list_communications(issue) == []

	def test_a_get_is_405(self, api, agent, issue):
		assert get_error(api(agent).get(METHOD, issue=issue.name, message="Hello")) == (
			405,
			"MethodNotAllowedError",
		)
