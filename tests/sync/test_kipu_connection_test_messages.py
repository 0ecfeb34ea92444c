"""Every finding of the connection test has a message without unfilled placeholders."""

import ast
import re

import pytest

from orchestrator.sync.kipu.findings import Finding
from orchestrator.sync.tools.connection_test_messages import MESSAGES, PART_TITLES, render_finding
from tests.support import source

MODULES = ("findings", "examination", "credential_probes")
FACTS = {
	"seconds": -5, "status": 403, "cause": None, "error": "AccessDeniedError", "version": 4, "per": 100, "count": 7, "utc": 1,
	"local": 2, "locations": ["77"], "unknown": ["new"],
}  # fmt: skip


def find_finding_codes() -> set[tuple[str | None, str]]:
	"""Return (part, code) of every `Finding(...)` and (None, code) of every `Variant(...)`; a name that is
	not a literal is None.
	"""
	found = set()
	for module in MODULES:
		for node in ast.walk(source.parse_module(f"orchestrator.sync.kipu.{module}")):
			name = isinstance(node, ast.Call) and getattr(node.func, "id", "")
			if name == "Finding":
				part, _level, code = node.args[:3]
				found |= {(get_literal(part), each) for each in find_literals(code)}
			elif name == "Variant":
				found |= {(None, each) for each in find_literals(node.args[2])}
	return found


def get_literal(node: ast.expr) -> str | None:
	return node.value if isinstance(node, ast.Constant) else None


def find_literals(node: ast.expr) -> set[str]:
	"""Return the texts that an expression may evaluate to."""
	if isinstance(node, ast.Constant):
		return {node.value}
	if isinstance(node, ast.IfExp):
		return find_literals(node.body) | find_literals(node.orelse)
	return set()


def test_every_finding_in_the_source_has_a_message_and_vice_versa(site):
	worded = set(MESSAGES)
	for part, code in find_finding_codes():
		assert any(
			code == known and part in (None, of, *([part] if of is None else [])) for of, known in worded
		), code
	made = {code for _part, code in find_finding_codes()} | {"refused", "one_of_these"}
	assert {code for _part, code in worded if not code.startswith("unsafe_")} <= made | {"drifting", "near"}


@pytest.mark.parametrize(("part", "code"), MESSAGES)
def test_messages_are_filled_with_facts(site, part, code):
	assert part is None or part in PART_TITLES
	found, remedy = render_finding(Finding(part or "secret_key", "warn", code, "patients/census", FACTS))
	for sentence in (found, remedy):
		assert not re.search(r"[{}]", sentence), sentence
		assert not sentence or sentence.endswith(".")
	assert found
	assert "-5" not in found
