"""Right-to-left text in the HTML that becomes a PDF.

wkhtmltopdf as distributions build it measures the words of a right-to-left line too narrow, and lets them run over
their neighbours, unless each stands in a box of its own; then it measures the box. So words of Arabic or Hebrew get
one each. What reads from left to right amid them stays together in one.
"""

import unicodedata
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from frappe.utils import escape_html

RIGHT_TO_LEFT = frozenset({"R", "AL"})
RTL, LTR = "rtl", "ltr"
FIRST_RTL_CHARACTER = "\u0590"


def has_rtl(text: str) -> bool:
	"""True where `text` has letters that read from right to left."""
	return any(
		character >= FIRST_RTL_CHARACTER and unicodedata.bidirectional(character) in RIGHT_TO_LEFT
		for character in text
	)


def direction_of(word: str) -> str | None:
	"""The direction of the first letter that has one."""
	for character in word:
		kind = unicodedata.bidirectional(character)
		if kind in RIGHT_TO_LEFT:
			return RTL
		if kind == "L":
			return LTR
	return None


def direction_of_text(text: str) -> str:
	"""The direction of a line of text: that of its first letter."""
	return direction_of(text) or LTR


def markup(text: str) -> str:
	"""`text` as HTML, with right-to-left words in boxes."""
	if not has_rtl(text):
		return escape_html(text)
	line = direction_of_text(text)
	return " ".join(piece for side, words in runs(text, line) for piece in boxes(side, words, line))


def runs(text: str, line: str) -> Iterator[tuple[str, list[str]]]:
	"""The words of `text` by direction; one without letters goes with the word before it."""
	side = line
	told = []
	for word in text.split():
		side = direction_of(word) or side
		told.append((side, word))
	for direction, pairs in groupby(told, key=itemgetter(0)):
		yield direction, [word for _direction, word in pairs]


def boxes(side: str, words: list[str], line: str) -> list[str]:
	"""The boxes of a run of words in one direction."""
	escaped = [escape_html(word) for word in words]
	if side == RTL and line == RTL:
		return [box(side, word) for word in escaped]
	if side == line:
		return escaped
	return [box(side, " ".join(escaped))]


def box(side: str, words: str) -> str:
	"""A box that is as wide as what it holds."""
	return f'<span class="run" dir="{side}">{words}</span>'
