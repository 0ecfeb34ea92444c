"""ETags of HTTP: parsed from If-Match and If-None-Match as RFC 9110 has them, and compared."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

IF_MATCH = "If-Match"
IF_NONE_MATCH = "If-None-Match"
MAX_HEADER_LENGTH = 4096
TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)+")
BLANKS = " \t"


@dataclass(frozen=True)
class EntityTag:
	"""An ETag: what stands between the quotation marks, and whether `W/` marks it as weak."""

	value: str
	is_weak: bool = False


@dataclass(frozen=True)
class Condition:
	"""The ETags of If-Match or If-None-Match, or `*` for any."""

	tags: tuple[EntityTag, ...] = field(default=())
	is_any: bool = False

	def has_weak_match(self, value: str) -> bool:
		"""Compare as If-None-Match does: `W/` makes no difference, since proxies add it when they compress a reply."""
		return self.is_any or any(tag.value == value for tag in self.tags)

	def has_strong_match(self, is_current: Callable[[str], bool]) -> bool:
		"""Compare as If-Match does: a weak ETag never matches."""
		return self.is_any or any(not tag.is_weak and is_current(tag.value) for tag in self.tags)

	def has_only_weak(self) -> bool:
		"""Return True for a condition that If-Match can never meet."""
		return bool(self.tags) and all(tag.is_weak for tag in self.tags)


def parse_condition(header: str, text: str | None) -> Condition | None:
	"""Return the condition of a request header, None where it was not sent.

	Raises:
		InvalidRequestError: 400, the header is neither `*` nor a list of ETags.
	"""
	if text is None:
		return None
	text = text.strip(BLANKS)
	if text == "*":
		return Condition(is_any=True)
	tags = _parse_tags(text) if len(text) <= MAX_HEADER_LENGTH else ()
	if not tags:
		refuse(
			_('{0} must be * or a list of ETags in double quotes, for example {0}: "a1b2".').format(header),
			InvalidRequestError,
		)
	return Condition(tags)


def _parse_tags(text: str) -> tuple[EntityTag, ...]:
	"""Return the ETags of a list, none where it is malformed. Empty elements are allowed, as in all lists of HTTP."""
	tags: list[EntityTag] = []
	position = _skip_separator(text, 0)
	while position < len(text):
		match = TAG.match(text, position)
		if match is None:
			return ()
		tags.append(EntityTag(match[2], is_weak=bool(match[1])))
		position = _skip_separator(text, match.end())
		if position == match.end() < len(text):
			return ()
	return tuple(tags)


def _skip_separator(text: str, position: int) -> int:
	match = SEPARATOR.match(text, position)
	return match.end() if match else position
