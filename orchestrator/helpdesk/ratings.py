"""Answers of customers to an invitation to rate a ticket.

Whatever is wrong with a token, the answer is the same, so that nobody learns whether a ticket exists.
"""

from datetime import datetime, timedelta
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import get_datetime

from orchestrator import clock
from orchestrator.configuration import get_settings
from orchestrator.doctypes import TICKET_RATING
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.helpdesk.rating_links import parse_token

MIN_SCORE, MAX_SCORE = 1, 5
MAX_COMMENT_LENGTH = 2000


def find_rating(token: object, *, for_update: bool = False) -> Document | None:
	"""Return the rating that may be given or corrected with this token, None if there is none."""
	name = parse_token(token)
	if not name or not get_settings().ask_for_ratings or not frappe.db.exists(TICKET_RATING, name):
		return None
	rating = frappe.get_doc(TICKET_RATING, name, for_update=for_update)
	return rating if _is_open(rating, clock.get_now()) and _has_ticket(rating) else None


def _is_open(rating: Document, now: datetime) -> bool:
	"""Return True until the link expires, or for an answer until it can no longer be corrected."""
	if now >= get_datetime(rating.expires_at):
		return False
	if not rating.answered_at:
		return True
	return now < get_datetime(rating.answered_at) + timedelta(days=get_settings().rating_correction_days)


def _has_ticket(rating: Document) -> bool:
	return bool(frappe.db.exists(rating.reference_doctype, rating.reference_name))


def save_answer(rating: Document, score: Any, comment: Any) -> None:
	"""Store the answer, or a correction of it: the time of the first answer counts.

	Raises:
		InvalidRequestError: The score is not one of 1 to 5, or the comment is too long (400).
	"""
	rating.score = parse_score(score)
	rating.comment = _parse_comment(comment)
	rating.answered_at = rating.answered_at or clock.get_now_to_second()
	rating.save(ignore_permissions=True)  # the token is the permission


def parse_score(score: Any) -> int:
	"""Return the score. 400 for any that is not one of 1 to 5."""
	text = str(score or "").strip()
	if len(text) != 1 or text not in "12345":
		refuse(_("Choose a number from {0} to {1}.").format(MIN_SCORE, MAX_SCORE), InvalidRequestError)
	return int(text)


def _parse_comment(comment: Any) -> str | None:
	text = str(comment or "").replace("\0", "").strip()
	if len(text) > MAX_COMMENT_LENGTH:
		refuse(
			_("The comment is too long. Use at most {0} characters.").format(MAX_COMMENT_LENGTH),
			InvalidRequestError,
		)
	return text or None
