"""The page on which customers rate a ticket, at /ticket-rating. It needs no login and no JavaScript.

A renderer of its own instead of a page of the website: no theme, script or counter of the site sees the address,
which holds the token.
"""

from http import HTTPStatus

import redis.exceptions
from werkzeug.wrappers import Response

import frappe
from frappe import _
from frappe.sessions import get_csrf_token

from orchestrator.api.limits import run_script
from orchestrator.configuration import get_settings
from orchestrator.exceptions import InvalidRequestError
from orchestrator.helpdesk import ratings
from orchestrator.helpdesk.rating_links import PATH

TEMPLATE = "orchestrator/templates/ticket_rating.html"
REQUESTS_PER_MINUTE, BURST = 20, 40  # of one address
HEADERS = {
	"Cache-Control": "no-store, private",
	"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	"Referrer-Policy": "no-referrer",
	"X-Content-Type-Options": "nosniff",
	"X-Robots-Tag": "noindex, nofollow",
}


class RatingPage:
	"""The renderer of the page, for Frappe's hook `page_renderer`."""

	def __init__(self, path: str, _http_status_code: int | None = None) -> None:
		self.path = path

	def can_render(self) -> bool:
		"""Return True for the path of this page."""
		return self.path == PATH

	def render(self) -> Response:
		"""Show the form, or store the answer that was sent with it."""
		if not _is_within_limit():
			return _respond("limited", HTTPStatus.TOO_MANY_REQUESTS)
		is_answer = frappe.local.request.method == "POST"
		rating = ratings.find_rating(frappe.form_dict.get("token"), for_update=is_answer)
		if rating is None:
			return _respond("refused", HTTPStatus.NOT_FOUND)
		if not is_answer:
			return _respond("form", score=rating.score or _get_chosen_score(), comment=rating.comment)
		return _store_answer(rating)


def _store_answer(rating: "frappe.model.document.Document") -> Response:
	score, comment = frappe.form_dict.get("score"), frappe.form_dict.get("comment")
	try:
		ratings.save_answer(rating, score, comment)
	except InvalidRequestError as error:
		frappe.clear_messages()
		return _respond("form", HTTPStatus.BAD_REQUEST, error=str(error), comment=comment)
	return _respond("thanks")


def _get_chosen_score() -> int:
	"""Return the score of the link in the mail, which the form preselects. 0 for none."""
	text = str(frappe.form_dict.get("score") or "")
	return int(text) if len(text) == 1 and text in "12345" else 0


def _is_within_limit() -> bool:
	"""Charge the address. Without Redis, the request passes."""
	try:
		taken, *_rest = run_script(
			f"ticket-rating:{frappe.local.request_ip}", REQUESTS_PER_MINUTE / 60, BURST
		)
	except redis.exceptions.RedisError:
		return True
	return bool(taken)


def _respond(state: str, status: HTTPStatus = HTTPStatus.OK, **values: object) -> Response:
	"""Return the page in one of its states: form, thanks, refused, limited."""
	context = {
		"state": state,
		"error": None,
		"score": 0,
		"comment": None,
		"token": frappe.form_dict.get("token"),
		"csrf_token": "" if frappe.session.user == "Guest" else get_csrf_token(),
		"max_length": ratings.MAX_COMMENT_LENGTH,
		"correction_days": get_settings().rating_correction_days,
		"labels": {
			1: _("Very dissatisfied"),
			2: _("Dissatisfied"),
			3: _("Neither"),
			4: _("Satisfied"),
			5: _("Very satisfied"),
		},
		"lang": frappe.local.lang,
		**values,
	}
	html = frappe.render_template(TEMPLATE, context)
	return Response(html, status=status, headers=HEADERS, content_type="text/html; charset=utf-8")
