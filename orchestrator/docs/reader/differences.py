"""Print how two texts differ: `differences.py`, with a JSON list of both lists of lines on standard input.

A process of its own: difflib has texts of some thousand lines that keep it busy for minutes, and cannot be told to stop.
It imports nothing of Frappe."""

import difflib
import json
import sys


def main() -> None:
	before, after = json.load(sys.stdin)
	diff = difflib.unified_diff(before, after, lineterm="", n=2)
	json.dump(list(diff)[2:], sys.stdout)


if __name__ == "__main__":
	main()
