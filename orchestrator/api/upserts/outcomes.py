"""The outcome of each record of an upsert."""

from typing import Final, Literal, NamedTuple

from orchestrator.api.errors import ErrorReply

Status = Literal["created", "updated", "unchanged", "failed"]
STATUSES: Final[tuple[Status, ...]] = ("created", "updated", "unchanged", "failed")
MAX_ERROR_LENGTH: Final = 500


class Outcome(NamedTuple):
	"""What became of the record on a line. Of one that failed, there is an error instead of a name."""

	line: int
	status: Status
	name: str | int | None = None
	error_type: str | None = None
	error_text: str | None = None


def build_failure(line: int, error: ErrorReply) -> Outcome:
	"""Return the outcome of a record that was refused."""
	return Outcome(line, "failed", None, error.type, error.text[:MAX_ERROR_LENGTH])
