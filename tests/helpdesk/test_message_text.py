"""Messages on tickets are kept as they were written: text with its lines and brackets, HTML with its tags."""

import html

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import frappe
from frappe.utils import strip_html

from orchestrator.exceptions import InvalidRequestError
from orchestrator.helpdesk.message_text import escape_unknown_tags, has_known_tag, render_message
from tests.support import factories, helpdesk
from tests.support.client import get_error

METHOD = "orchestrator.helpdesk.add_issue_comment"
EXAMPLES = settings(max_examples=300, deadline=None, derandomize=True)

TEXTS = [
	("Write to <jane@example.com>\nThanks", "Write to &lt;jane@example.com&gt;<br>Thanks"),
	("List<String> x\nMap<Key, List<Value>>", "List&lt;String&gt; x<br>Map&lt;Key, List&lt;Value&gt;&gt;"),
	("Optional<Address>\r\nend", "Optional&lt;Address&gt;<br>end"),
	("a < b and c > d\rnext", "a &lt; b and c &gt; d<br>next"),
	("<https://example.com/a?b=1&c=2>", "&lt;https://example.com/a?b=1&amp;c=2&gt;"),
	("<Name of the client> is missing", "&lt;Name of the client&gt; is missing"),
	("<<EOF\n<- see above ->", "&lt;&lt;EOF<br>&lt;- see above -&gt;"),
	("if (x<3) y>2", "if (x&lt;3) y&gt;2"),
	("<code> is a placeholder", "&lt;code&gt; is a placeholder"),
	("<契約書>\n<はい>", "&lt;契約書&gt;<br>&lt;はい&gt;"),
	("&lt;b&gt; & Söhne", "&amp;lt;b&amp;gt; &amp; Söhne"),
	("<?xml version='1.0'?>\n<!DOCTYPE note>", "&lt;?xml version='1.0'?&gt;<br>&lt;!DOCTYPE note&gt;"),
	("<b", "&lt;b"),
	("one\n\n\ntwo", "one<br><br><br>two"),
	(
		"From: Jane <jane@example.com>\nTo: <support@example.com>",
		"From: Jane &lt;jane@example.com&gt;<br>To: &lt;support@example.com&gt;",
	),
]
MARKUP = [
	("<p>Hello</p>\n<p>there</p>", "<p>Hello</p>\n<p>there</p>"),
	("Account was <b>locked</b>.", "Account was <b>locked</b>."),
	("one<br>two", "one<br>two"),
	("one<BR/>two", "one<br>two"),
	("<p>Write to <jane@example.com></p>", "<p>Write to &lt;jane@example.com&gt;</p>"),
	("<div>List<String></div>", "<div>List&lt;String&gt;</div>"),
	('<a href="https://example.com">here</a>', f'<a href="https://example.com"{factories.LINK_REL}>here</a>'),
]


@pytest.mark.parametrize(("text", "rendered"), TEXTS)
def test_a_text_keeps_every_character_and_line(site, text, rendered):
	assert not has_known_tag(text)
	assert render_message(text) == rendered


@pytest.mark.parametrize(("markup", "rendered"), MARKUP)
def test_html_keeps_its_tags_and_other_text(site, markup, rendered):
	assert render_message(markup) == rendered


def test_the_format_decides_where_it_is_sent(site):
	assert render_message("<b>bold</b>", "text") == "&lt;b&gt;bold&lt;/b&gt;"
	assert render_message("<b>bold</b>\nnext", "html") == "<b>bold</b>\nnext"
	assert render_message("<jane@example.com>", "html") == "&lt;jane@example.com&gt;"
	with pytest.raises(InvalidRequestError):
		render_message("x", "markdown")


@pytest.mark.parametrize(
	"message",
	[
		"<script>alert(1)</script>x",
		"<p onclick='x()'>a</p>",
		"<img src=x onerror=alert(1)>",
		"<form><input></form>x",
	],
)
@pytest.mark.parametrize("message_format", [None, "html", "text"])
def test_script_never_passes(site, message, message_format):
	rendered = render_message(message, message_format)
	assert "<script" not in rendered and "<form" not in rendered
	if message_format != "text":
		assert '<img src="x" onerror' not in rendered and " onclick" not in rendered


@pytest.mark.parametrize("message", ["", " \n ", "<p></p>", "<br>", "<p>&nbsp;</p>"])
def test_an_empty_message_is_refused(site, message):
	with pytest.raises(frappe.ValidationError):
		render_message(message)


@EXAMPLES
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_any_text_comes_back(frappe_site, text):
	try:
		rendered = render_message(text, "text")
	except frappe.ValidationError:
		assert not text.strip()
		return
	assert html.unescape(rendered) == text.strip()


@EXAMPLES
@given(
	st.lists(st.sampled_from(["<b>", "</b>", "<p>", "<", ">", "<x@y.z>", "<T>", "word ", "&"])).map("".join)
)
def test_no_word_of_html_is_lost(frappe_site, markup):
	words = escape_unknown_tags(markup)
	assert words.count("&lt;x@y.z>") == markup.count("<x@y.z>")
	assert strip_html(words).count("word ") == markup.count("word ")


# Both kinds of tickets


@pytest.mark.parametrize("internal", [False, True])
@pytest.mark.parametrize("kind", ["Issue", "HD Ticket"])
def test_a_text_with_brackets_is_stored_with_its_lines(api, site, kind, internal):
	ticket = factories.make_issue() if kind == "Issue" else helpdesk.make_hd_ticket()
	user = factories.make_user("Support Team").name if kind == "Issue" else helpdesk.make_agent()
	text = "Write to <jane@example.com>\nor use List<String>."
	reply = api(user).post(METHOD, issue=str(ticket.name), message=text, is_internal=internal)
	assert reply.status_code == 201, reply.text
	data = reply.json()["data"]
	frappe.db.rollback()
	stored = frappe.db.get_value(data["doctype"], data["comment"], "content")
	assert stored == "Write to &lt;jane@example.com&gt;<br>or use List&lt;String&gt;."


def test_another_format_is_400(api, site):
	user = factories.make_user("Support Team").name
	reply = api(user).post(METHOD, issue=factories.make_issue().name, message="x", format="rtf")
	assert get_error(reply) == (400, "InvalidRequestError")
