"""Tokens of a change feed: the place up to which a caller has the changes, encrypted with the site's key."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from frappe import _

from orchestrator.api import sealed_replies
from orchestrator.exceptions import InvalidRequestError, refuse

PURPOSE = "change-token"
# What a caller sends in the place of a token who wants later changes alone
LATEST = "latest"


class ExpiredTokenError(InvalidRequestError):
	"""The changes since this token are not known any more. 410."""


@dataclass(frozen=True)
class ChangeToken:
	"""A place in a change feed, and what the call asked for.

	`fields` is a digest of the fields as asked for, `columns` one of the columns that the caller got for them. `is_latest`
	marks the token of a caller who wants later changes alone, until the feed has all records.
	"""

	feed: str
	user: str
	doctype: str
	fields: str
	columns: str
	position: int = 0
	name: str = ""
	is_latest: bool = False


def encrypt_token(token: ChangeToken) -> str:
	"""Return the token as the caller gets it."""
	return sealed_replies.encrypt_reply(asdict(token), _get_secret())


def parse_token(text: str, expected: ChangeToken) -> ChangeToken:
	"""Return the token that a caller sent.

	Args:
		text: What the caller sent.
		expected: A token of the present call; the place in it does not matter.

	Raises:
		InvalidRequestError: 400. It is no token, or one of another user, DocType or list of fields.
		ExpiredTokenError: 410. The feed was deleted since, or the caller may read other fields now.
	"""
	if text == LATEST:
		return replace(expected, is_latest=True)
	token = _decrypt_token(text)
	if token is None or (token.user, token.doctype) != (expected.user, expected.doctype):
		refuse(
			_("token is not valid for you and this DocType. Send the token of the last reply unchanged."),
			InvalidRequestError,
		)
	if token.fields != expected.fields:
		refuse(
			_("token belongs to other fields. Send the same fields, or start again without a token."),
			InvalidRequestError,
		)
	if (token.feed, token.columns) != (expected.feed, expected.columns):
		refuse_expired()
	return token


def refuse_expired() -> None:
	"""Refuse (410) a token that cannot be continued."""
	refuse(
		_(
			"token has expired, or the fields that you may read have changed. Empty your copy and start again without a token."
		),
		ExpiredTokenError,
	)


def compute_digest(value: Any) -> str:
	"""Return a short digest of anything that has a text."""
	return sealed_replies.compute_digest(PURPOSE, repr(value)).hex()[:16]


def _decrypt_token(text: str) -> ChangeToken | None:
	content = sealed_replies.decrypt_reply(text, _get_secret())
	return ChangeToken(**content) if content else None


def _get_secret() -> bytes:
	return sealed_replies.compute_digest(PURPOSE)
