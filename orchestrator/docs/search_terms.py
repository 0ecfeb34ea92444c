"""Terms for words that MariaDB's full-text index cannot find by itself. Plain functions: no site is needed.

The index contains words of three or more letters, separated by blanks. So the parts of Q3_invoice and
InvoiceFinal become terms of their own, words of two letters and stop words get a prefix, and languages
without blanks become pairs of characters, written as hex digits because no collation treats different digits
as equal.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

MIN_LETTERS = 3  # innodb_ft_min_token_size
MAX_HEX_CHARACTERS = 16  # innodb_ft_max_token_size is 84
MAX_TERMS = 40
# InnoDB's stop words, which are not in its index.
STOPWORDS = frozenset(
	[
		"a",
		"about",
		"an",
		"are",
		"as",
		"at",
		"be",
		"by",
		"com",
		"de",
		"en",
		"for",
		"from",
		"how",
		"i",
		"in",
		"is",
		"it",
		"la",
		"of",
		"on",
		"or",
		"that",
		"the",
		"this",
		"to",
		"was",
		"what",
		"when",
		"where",
		"who",
		"will",
		"with",
		"und",
		"www",
	]
)
DENSE = (
	"\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u3105-\u312f\u31f0-\u31ff"
	"\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Combining marks, which Python's \w does not match.
MARKS = "\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0f71-\u0fbc"
# Optional vowel marks in Hebrew and Arabic; joiners.
OPTIONAL_MARKS = re.compile(
	"[\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200d\u00ad]"
)
WORD = re.compile(rf"[\w{DENSE}{MARKS}]+")
RUN = re.compile(rf"[{DENSE}]+|[^{DENSE}]+")
# A change from lower to upper case, the last capital before a lower-case letter, a change between letters and digits.
PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")


class Group(NamedTuple):
	"""One word of a query. `is_common`: a stop word, ignored beside others."""

	expression: str
	is_common: bool = False


def build_terms(text: str) -> str:
	"""Return the terms by which a text is found in addition to its own words."""
	plain = set(re.findall(r"\w+", text.lower()))
	terms = {term for word in _find_words(text) for term in _build_word_terms(word)}
	return " ".join(sorted(terms - plain))


def build_expression(query: str, max_words: int) -> str | None:
	"""Return a query for MariaDB's boolean mode, with every word required; None if there is no word."""
	groups = [group for word in _find_words(query) for group in _build_word_groups(word)]
	groups = list(dict.fromkeys(groups))
	required = [group for group in groups if not group.is_common] or groups
	limit = max(max_words, MAX_TERMS if any(group.expression.startswith("z") for group in required) else 0)
	return " ".join(f"+{group.expression}" for group in required[:limit]) or None


def find_first_word(query: str) -> str:
	"""Return the first word of a query that is not a stop word, as it was sent."""
	words = WORD.findall(query)
	return next((word for word in words if word.lower() not in STOPWORDS), words[0] if words else "")


def _find_words(text: str) -> Iterator[str]:
	normal = unicodedata.normalize("NFKC", text)
	for word in WORD.findall(OPTIONAL_MARKS.sub("", normal)):
		yield from RUN.findall(word)


def _build_word_terms(run: str) -> Iterator[str]:
	if _is_dense(run):
		yield from _list_pairs(run)
		yield f"z{_to_hex(run[-1])}"
		return
	for piece in run.split("_"):
		for part in {piece, *_split(piece)}:
			if len(part) > 1:
				yield _build_term(part)


def _build_word_groups(run: str) -> Iterator[Group]:
	if _is_dense(run):
		pairs = list(_list_pairs(run))
		yield from (Group(pair) for pair in pairs)
		if not pairs:
			yield Group(f"z{_to_hex(run)}*")
		return
	for piece in run.split("_"):
		if len(piece) > 1:
			whole = _build_expression(piece)
			parts = [_build_expression(part) for part in _split(piece) if len(part) > 1]
			is_split = len(parts) > 1
			yield Group(f"({whole} (+{' +'.join(parts)}))" if is_split else whole, piece.lower() in STOPWORDS)


def _split(piece: str) -> list[str]:
	"""Return the parts of invoiceFinal or Q3, nothing if there is only one."""
	parts = PART.findall(piece)
	return parts if len(parts) > 1 and "".join(parts) == piece else []


def _build_term(part: str) -> str:
	folded = part.casefold()
	if not folded.isalnum():  # with signs at which MariaDB ends a word
		return f"h{''.join(map(_to_hex, folded[:MAX_HEX_CHARACTERS]))}"
	return f"{folded}_" if len(folded) < MIN_LETTERS or folded in STOPWORDS else folded


def _build_expression(part: str) -> str:
	"""Return the search expression of a word: short words and stop words in full, others as prefixes."""
	term = _build_term(part)
	return term if term.endswith("_") else f"{term}*"


def _list_pairs(run: str) -> Iterator[str]:
	return (f"z{_to_hex(one)}{_to_hex(other)}" for one, other in itertools.pairwise(run))


def _is_dense(run: str) -> bool:
	return bool(re.match(f"[{DENSE}]", run))


def _to_hex(character: str) -> str:
	return f"{ord(character):05x}"
