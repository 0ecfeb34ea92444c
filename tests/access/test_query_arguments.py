"""Calls of lists pass arguments by name: Frappe swaps positional filters and fields only if the filters are
not empty.
"""

import ast
from collections.abc import Iterator

from tests.support import source

LISTS = {"frappe.get_list", "frappe.get_all"}


def find_positional_filters() -> Iterator[str]:
	"""Yield calls whose second positional argument may be an empty list, which Frappe uses as the fields."""
	for module in source.list_modules():
		for node in ast.walk(source.parse_module(module)):
			is_list = isinstance(node, ast.Call) and ast.unparse(node.func) in LISTS
			if is_list and len(node.args) > 1 and not isinstance(node.args[1], ast.Dict):
				yield f"{module}:{node.lineno}"


def test_filters_and_fields_of_a_list_are_named() -> None:
	assert list(find_positional_filters()) == []
