"""Find the column names in a fragment of SQL, as MariaDB would read it."""

import re
from collections.abc import Iterator

TOKEN_PATTERN = re.compile(
	r"(?P<quoted>`(?:[^`]|``)*`)"
	r"|(?P<text>'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\")"
	r"|(?P<comment>/\*|--|\#)"
	r"|(?P<word>[^\W\d][\w$]*)"
	r"|(?P<dot>\.)"
	r"|(?P<other>\S)",
	re.DOTALL,
)
WORD_PATTERN = re.compile(r"[^\W\d][\w$]*")
ALIAS_PATTERN = re.compile(r"\s+as\s+[`'\"]?[\w :-]+[`'\"]?\s*$", re.IGNORECASE)


def find_identifiers(sql: str) -> list[tuple[str | None, str]]:
	"""Return each identifier of `sql` in lower case, with the table that qualifies it or None.

	SQL keywords and names of functions are included. A comment could hide names from this parser that MariaDB
	reads, so that every word of a fragment with a comment counts.
	"""
	found: list[tuple[str | None, str]] = []
	parts: list[str] = []
	after_dot = False
	for kind, token in _split_tokens(sql):
		if kind == "comment":
			return [(None, word.lower()) for word in WORD_PATTERN.findall(sql)]
		if kind == "dot":
			after_dot = True
			continue
		if kind in ("quoted", "word"):
			name = token.strip("`").lower()
			if not after_dot:
				_add_identifier(found, parts)
				parts = []
			parts.append(name)
		after_dot = False
	_add_identifier(found, parts)
	return found


def strip_alias(sql: str) -> str:
	"""Return a selected column without its `as alias`."""
	return ALIAS_PATTERN.sub("", sql)


def _split_tokens(sql: str) -> Iterator[tuple[str, str]]:
	for match in TOKEN_PATTERN.finditer(sql):
		yield str(match.lastgroup), match.group()


def _add_identifier(found: list[tuple[str | None, str]], parts: list[str]) -> None:
	"""Add the identifier that `parts` (database, table and column, or fewer) name."""
	if parts:
		found.append((parts[-2] if len(parts) > 1 else None, parts[-1]))
