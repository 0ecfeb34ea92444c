"""Names of files and folders, in the one form in which they are stored and compared.

A name is Unicode in NFC: macOS sends accents as separate characters, other systems do not. Unicode's kinds of
blanks become the ordinary one. Characters that would make a name look like another one, or break a line, are
refused.
"""

import unicodedata

MAX_NAME_LENGTH = 140
# Unicode's property Bidi_Control: they change the text direction.
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
BLANK_CATEGORY = "Zs"
# Control characters, lone surrogates, line and paragraph separators.
REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Characters that are invisible: blanks, joiners, other format characters.
INVISIBLE_CATEGORIES = frozenset({"Zs", "Cf"})
PATH_CHARACTERS = frozenset({".", ".."})


def normalize_name(name: str) -> str:
	"""Return `name` in NFC, with ordinary blanks only, and without leading and trailing blanks."""
	folded = "".join(" " if unicodedata.category(char) == BLANK_CATEGORY else char for char in name)
	return unicodedata.normalize("NFC", folded).strip(" ")


def is_valid_name(name: str) -> bool:
	"""Return True if a normalized name can be stored: visible, not too long, without control characters; not
	a path.
	"""
	if len(name) > MAX_NAME_LENGTH or name in PATH_CHARACTERS or "/" in name or "\\" in name:
		return False
	categories = list_categories(name)
	if not BIDI_CONTROLS.isdisjoint(name) or not REFUSED_CATEGORIES.isdisjoint(categories):
		return False
	return not categories <= INVISIBLE_CATEGORIES


def list_categories(name: str) -> set[str]:
	"""Return the Unicode categories of the characters of `name`."""
	return {unicodedata.category(char) for char in name}
