"""Convert a caller's text or HTML to safe HTML. Plain text keeps every character and line; in HTML, what is
not a tag stays text.
"""

import html
import re

import frappe
from frappe import _
from frappe.utils import strip_html
from frappe.utils.html_utils import acceptable_elements, sanitize_html

from orchestrator.exceptions import InvalidRequestError, refuse

TEXT, HTML = "text", "html"
FORM_TAGS = ["form", "input", "button", "style", "link", "meta"]
# Tags that have content without text.
MARKUP_TAGS = ("<img", "<video")
KNOWN_TAGS = frozenset({*acceptable_elements, "html", "head", "body", *FORM_TAGS})
# Void tags, or tags whose end may be omitted. Any other tag counts as one only with its end: in List<Address>
# or <code> as a placeholder, there is none.
VOID_TAGS = frozenset({"br", "hr", "img", "p", "video"})
OPENING = re.compile(r"<([a-z][a-z0-9]*)(?=[\s/>])[^<>]*>", re.IGNORECASE)
NO_TAG = re.compile(rf"<(?!/?(?:{'|'.join(sorted(KNOWN_TAGS))})(?=[\s/>]))(?!!--)", re.IGNORECASE)
LINE_BREAK = re.compile(r"\r\n|\r|\n")


def render_message(message: str, message_format: str | None = None) -> str:
	"""Return the message as safe HTML.

	Args:
		message: What was written.
		message_format: `text` or `html`; where it is missing, a known tag decides.

	Raises:
		InvalidRequestError: The format is another one (400).
		ValidationError: The message says nothing (422).
	"""
	if message_format not in (None, "", TEXT, HTML):
		refuse(_("format must be text or html."), InvalidRequestError)
	is_markup = message_format == HTML or (not message_format and has_known_tag(message))
	clean = sanitize_html(
		escape_unknown_tags(message) if is_markup else _render_text(message),
		always_sanitize=True,
		disallowed_tags=FORM_TAGS,
	)
	words = html.unescape(strip_html(clean)).strip()
	if not words and not any(tag in clean for tag in MARKUP_TAGS):
		refuse(_("The message is empty. Enter the text of the comment."), frappe.ValidationError)
	return clean


def has_known_tag(message: str) -> bool:
	"""Return True if an HTML tag opens in the message, and is closed where it has to be."""
	lower = message.lower()
	names = {match[1].lower() for match in OPENING.finditer(message)} & KNOWN_TAGS
	return any(name in VOID_TAGS or f"</{name}" in lower for name in names)


def _render_text(message: str) -> str:
	"""Return plain text as HTML that shows all its characters and lines."""
	return LINE_BREAK.sub("<br>", html.escape(message.strip(), quote=False))


def escape_unknown_tags(message: str) -> str:
	"""Return HTML in which anything but a tag, such as <jane@example.com>, is escaped."""
	return NO_TAG.sub("&lt;", message)
