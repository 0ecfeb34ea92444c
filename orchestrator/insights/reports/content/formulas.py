"""Escape texts that a spreadsheet would compute when it opens a CSV file, with an apostrophe.

Excel, LibreOffice and Google Sheets read a cell as a formula if it begins with one of four signs and the rest
can be parsed. A telephone number, a temperature or a dash cannot be parsed, and stays as it is.
"""

import re

QUOTE = "'"
# Signs that begin a formula; some spreadsheets also accept the full-width forms of East Asian keyboards.
FORMULA_SIGNS = r"+\-＋－"
CURRENCIES = "$€£¥₹₩₽₺₪฿"
# Blanks, tabs, line ends and zero-width characters, which a spreadsheet may strip before it reads the text.
IGNORED = "\\s\\x00-\\x1f\\u200b-\\u200f\\u2060\\ufeff"
START = re.compile(f"[{IGNORED}]*([=＝@＠{FORMULA_SIGNS}])")
# Only signs, or a number: a spreadsheet shows them as text.
NUMBER = re.compile(
	rf"[{FORMULA_SIGNS}\s]+[{CURRENCIES}]?\s*([\d.,]*\d[.,]?([eE][+-]?\d+)?\s*[%{CURRENCIES}]?\s*)?"
)
# A number, then something that no operator joins to it: no spreadsheet can parse that.
NUMBER_AND_TEXT = re.compile(
	rf"[{FORMULA_SIGNS}]+\s*[0-9.,]*[0-9](?![eE][+-]?[0-9])(?:\s+[0-9]|\s*[^\s\d.,;:+\-*/^&=<>%!|＋－＝])"
)
# Signs, then a character that cannot begin an operand.
SIGNS_AND_SYMBOL = re.compile(rf"[{FORMULA_SIGNS}]+\s*[^\w\s({{\[\"'@$#.=!|\\{FORMULA_SIGNS}]")
# Calls of functions, other programs (DDE) and other sheets: always escaped, wherever they occur.
DANGEROUS = re.compile(r"[|!=\"]|[^\W\d]\w*\s*\(")


def is_formula(text: str) -> bool:
	"""Return True if a spreadsheet would compute this text; in doubt, True."""
	match = START.match(text)
	return match is not None and _is_computed(text[match.start(1) :])


def _is_computed(text: str) -> bool:
	"""Return True if a text that begins with one of the signs can be parsed as a formula."""
	if text[0] in "=＝@＠":
		return len(text.rstrip()) > 1
	if NUMBER.fullmatch(text):
		return False
	if DANGEROUS.search(text):
		return True
	return not (NUMBER_AND_TEXT.match(text) or SIGNS_AND_SYMBOL.match(text))


def escape_formula(text: str) -> str:
	"""Return the text with an apostrophe in front if a spreadsheet would compute it.

	A text of apostrophes followed by a formula gets one more, so that `unescape_formula` restores every text.
	"""
	return QUOTE + text if is_formula(text.lstrip(QUOTE)) else text


def unescape_formula(text: str) -> str:
	"""Return the text passed to `escape_formula`."""
	bare = text.lstrip(QUOTE)
	return text[len(QUOTE) :] if bare != text and is_formula(bare) else text
