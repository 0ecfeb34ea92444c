"""Every dotted name of the platform in this app's tables exists in this Frappe version, or is declared for
the other one. A name that does not exist would silently guard nothing.
"""

import ast
import re
from collections.abc import Iterator

import pytest

import frappe

from orchestrator import compat, hooks
from tests.support import source
from tests.support.platform_names import is_importable
from tests.support.source import list_modules

PLATFORM = ("frappe", "erpnext", "hrms", "helpdesk", "gameplan", "insights", "telephony")
DOTTED_NAME = re.compile(rf"^(?:{'|'.join(PLATFORM)})(?:\.\w+)+$")
# Documented under Frappe's name, but missing in Frappe
DOCUMENTED_ONLY = frozenset(
	{
		"frappe.desk.bulk_assignment.set_assignment_for_many",
		"frappe.desk.delete.delete_many",
		"frappe.desk.doctype.webhook.create",
		"frappe.desk.report.run",
	}
)


def list_strings(module: str) -> Iterator[str]:
	"""Yield every text in a module that looks like a name of the platform."""
	for node in ast.walk(source.parse_module(module)):
		if isinstance(node, ast.Constant) and isinstance(node.value, str) and DOTTED_NAME.match(node.value):
			yield node.value


def list_names() -> list[str]:
	return sorted({name for module in list_modules() for name in list_strings(module)} - {"frappe.Request"})


def test_tables_name_existing_platform_functions(site):
	absent = {name for name in list_names() if not is_importable(name)}
	declared = compat.NAMES_OF_THE_OTHER_LINE | DOCUMENTED_ONLY | compat.NAMES_OF_SOME_VERSIONS
	assert sorted(absent - declared) == []


@pytest.mark.parametrize("name", sorted(compat.NAMES_OF_THE_OTHER_LINE | DOCUMENTED_ONLY))
def test_what_is_declared_absent_is_absent(site, name):
	assert not is_importable(name)


def test_our_own_names_in_the_hooks_lead_to_functions(site):
	"""Also those that choose the function in each request, which no source has under that name."""
	for native, target in hooks.override_whitelisted_methods.items():
		if native not in compat.NAMES_OF_THE_OTHER_LINE:
			assert callable(frappe.get_attr(target)), target
