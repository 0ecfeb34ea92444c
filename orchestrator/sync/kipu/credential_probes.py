"""Find the wrong one of three credentials: variants to try, and hints in a refusal."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace

from orchestrator.sync.kipu.client import Credentials

PARTS = ("access_id", "secret_key", "app_id")
EITHER_PART = ("secret_key", "app_id")
PARTS_BY_HINT = {"signature": ("secret_key",), "app_id": ("app_id",), "permission": ("permission",)}


@dataclass(frozen=True, slots=True)
class Variant:
	"""Credentials that differ from the given ones in `parts`, in a way that `code` names: blanks, swapped."""

	credentials: Credentials
	parts: tuple[str, ...]
	code: str


def list_access_id_variants(credentials: Credentials) -> Iterator[Variant]:
	"""Yield possible corrections of an unknown access ID.

	The secret is never sent in place of another value: it would be in a header or a URL.
	"""
	yield from _strip_blanks(credentials)
	if credentials.access_id != credentials.app_id:
		swapped = replace(credentials, access_id=credentials.app_id, app_id=credentials.access_id)
		yield Variant(swapped, ("access_id", "app_id"), "swapped")


def list_variants(credentials: Credentials) -> Iterator[Variant]:
	"""Yield possible corrections of a secret or an app ID."""
	yield from _strip_blanks(credentials)


def build_known_bad(credentials: Credentials) -> tuple[Credentials, Credentials, Credentials]:
	"""Return credentials that are certainly wrong: two with another secret and one with another app ID, of
	the same lengths.
	"""
	return (
		replace(credentials, secret_key=_build_noise(credentials.secret_key)),
		replace(credentials, secret_key=_build_noise(credentials.secret_key)),
		replace(credentials, app_id=_build_noise(credentials.app_id)),
	)


def get_parts_by_hint(hint: str | None) -> tuple[str, ...]:
	"""Return the part that the refusal itself names, if any."""
	return PARTS_BY_HINT.get(hint or "", ())


def get_parts_by_lengths(
	given: int | None, wrong_secret: int | None, wrong_secret_again: int | None, wrong_app_id: int | None
) -> tuple[str, ...]:
	"""Return the parts indicated by the lengths of refusals, of the given values and of values that are
	certainly wrong.

	Whichever of the two Kipu checks first, a refusal different from that of a wrong secret is about the app
	ID, and one that is equal to it, but different from that of a wrong app ID, is about the secret. If all
	refusals are alike, or no two are, either may be wrong.
	"""
	if None in (given, wrong_secret, wrong_app_id) or wrong_secret != wrong_secret_again:
		return EITHER_PART
	if given != wrong_secret:
		return ("app_id",)
	return EITHER_PART if given == wrong_app_id else ("secret_key",)


def _strip_blanks(credentials: Credentials) -> Iterator[Variant]:
	stripped = {part: getattr(credentials, part).strip() for part in PARTS}
	parts = tuple(part for part in PARTS if stripped[part] != getattr(credentials, part))
	if parts:
		yield Variant(Credentials(**stripped), parts, "blanks")


def _build_noise(value: str) -> str:
	"""Return another text of the same length."""
	letters = string.ascii_letters + string.digits
	while (made := "".join(secrets.choice(letters) for _ in value)) == value and value:
		pass
	return made
