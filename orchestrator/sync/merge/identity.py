"""Record names derived from Kipu's IDs of people and charts, so that no record is created twice."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

NAME_LENGTH = 12  # of 5 bits each: the chance of a collision among a million is one in two million

DIGEST_BYTES = 10  # bytes of the hash: exactly the bits of these characters


def build_client_name(connection: str | None, person_id: str | None) -> str:
	return f"CL-{_compute_digest('person', connection, person_id)}"


def build_stay_name(connection: str | None, casefile_id: str | None) -> str:
	"""Return the name of the Client Stay of a casefile."""
	return f"ST-{_compute_digest('casefile', connection, casefile_id)}"


def build_full_name(client: Mapping[str, Any] | Any) -> str | None:
	"""Return the full name of a client: preferred or first name, then last name."""
	given = client.get("first_name") or client.get("preferred_name")
	return " ".join(part for part in (given, client.get("last_name")) if part) or None


def _compute_digest(*parts: str | None) -> str:
	digest = hashlib.sha256("\n".join(part or "" for part in parts).encode()).digest()
	return base64.b32encode(digest[:DIGEST_BYTES]).decode()[:NAME_LENGTH]
