"""Print the difference of two texts: `differences.py`, with a JSON list of both lists of lines on standard
input.

A separate process, because difflib can take minutes for some thousand lines and cannot be interrupted. It
imports nothing of Frappe.
"""

import difflib
import json
import sys


def main() -> None:
	before, after = json.load(sys.stdin)
	diff = difflib.unified_diff(before, after, lineterm="", n=2)
	json.dump(list(diff)[2:], sys.stdout)


if __name__ == "__main__":
	main()
