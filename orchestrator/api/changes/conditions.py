"""Whether a condition of the readable records looks at nothing but the record's own row.

If so, and the condition is the same as before, only a change of the row can bring a record into a user's view or take it
out. Where in doubt the answer is no, which costs time and never a change.
"""

import re

QUOTED = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
CALLED = re.compile(r"\b([a-z_][a-z0-9_]*)\s*\(", re.IGNORECASE)
# What may stand before a parenthesis: operators, and functions of their arguments alone
PURE = frozenset(
	{"and", "or", "not", "in", "ifnull", "coalesce", "if", "lower", "upper", "concat", "cast", "like"}
)
# Words that look elsewhere, and the columns that Frappe writes without an event or a date
IMPURE = re.compile(
	r"\b(select|current_date|current_time|current_timestamp|current_user|localtime|localtimestamp|utc_\w+"
	r"|_assign|_seen|_comments|_liked_by|_user_tags)\b|@",
	re.IGNORECASE,
)


def is_self_contained(condition: str) -> bool:
	"""Return True where nothing but the row decides whether `condition` holds."""
	text = QUOTED.sub("''", condition)
	return not IMPURE.search(text) and all(name.lower() in PURE for name in CALLED.findall(text))
