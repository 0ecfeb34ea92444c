"""Signed links to the rating page: a token names one Ticket Rating and nothing of the ticket.

A token is a JSON Web Token with an audience of its own, so that it opens nothing else, signed with a key that is
derived from the site's encryption key.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import jwt

from frappe.utils import get_url

from orchestrator.api.sealed_replies import compute_keyed_digest
from orchestrator.period import get_time_zone

PATH = "ticket-rating"
PURPOSE = "orchestrator-ticket-rating"
ALGORITHM = "HS256"
MAX_TOKEN_LENGTH = 500


def build_token(rating: str, expires_at: datetime) -> str:
	"""Return the token of a rating.

	Args:
		rating: Name of the Ticket Rating.
		expires_at: When the token ends, in the site's time zone.
	"""
	moment = expires_at.replace(tzinfo=ZoneInfo(get_time_zone()))
	claims = {"sub": rating, "aud": PURPOSE, "exp": int(moment.timestamp())}
	return jwt.encode(claims, _get_key(), algorithm=ALGORITHM)


def build_link(rating: str, expires_at: datetime) -> str:
	"""Return the address of the rating page for a rating."""
	return get_url(f"/{PATH}?token={build_token(rating, expires_at)}")


def parse_token(token: object) -> str | None:
	"""Return the rating that a token names, None for a token that is forged, expired, or of another purpose."""
	if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH:
		return None
	try:
		claims = jwt.decode(
			token,
			_get_key(),
			algorithms=[ALGORITHM],
			audience=PURPOSE,
			options={"require": ["exp", "aud", "sub"]},
		)
	except jwt.InvalidTokenError:
		return None
	return claims["sub"] if isinstance(claims["sub"], str) else None


def _get_key() -> bytes:
	return compute_keyed_digest(PURPOSE)
