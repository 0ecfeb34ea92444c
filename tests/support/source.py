"""The app's source as data, for tests that look at code without importing it: no site, no Frappe."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
APP = "orchestrator"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Import:
	"""One import that runs: `module` is the file imported, `name` what is taken out of it, if anything."""

	line: int
	module: str
	name: str | None


@cache
def modules() -> dict[str, Path]:
	"""Dotted name -> file, of every Python file of the app."""
	return {dotted(path): path for path in sorted((ROOT / APP).rglob("*.py"))}


def dotted(path: Path) -> str:
	parts = path.relative_to(ROOT).with_suffix("").parts
	return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def tree_of(module: str) -> ast.Module:
	return ast.parse(modules()[module].read_text())


def is_package(module: str) -> bool:
	return modules()[module].name == "__init__.py"


def imports(module: str) -> Iterator[Import]:
	"""The app's own modules that `module` imports at run time, also inside functions."""
	for node in run_time_nodes(tree_of(module)):
		if isinstance(node, ast.Import):
			for alias in node.names:
				if alias.name.split(".")[0] == APP:
					yield Import(node.lineno, alias.name, None)
		elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == APP:
			for alias in node.names:
				target = f"{node.module}.{alias.name}"
				if target in modules():
					yield Import(node.lineno, target, None)
				else:
					yield Import(node.lineno, str(node.module), alias.name)


def run_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
	"""Every node below `node` but what stands under `if TYPE_CHECKING:`."""
	for child in ast.iter_child_nodes(node):
		if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
			continue
		yield child
		yield from run_time_nodes(child)


def endpoints() -> Iterator[tuple[str, Function]]:
	"""Every whitelisted function with its module; methods of DocTypes as well."""
	for module in modules():
		for node in ast.walk(tree_of(module)):
			if isinstance(node, Function) and whitelist_of(node) is not None:
				yield module, node


def whitelist_of(function: Function) -> ast.expr | None:
	"""The function's `@frappe.whitelist`, however it is written."""
	return next((d for d in function.decorator_list if name_of(d) == "frappe.whitelist"), None)


def name_of(decorator: ast.expr) -> str:
	return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def definition(path: str) -> ast.AST | None:
	"""The function or class that a dotted path names, through re-exports and `__getattr__` tables."""
	module, _, name = path.rpartition(".")
	if module not in modules():
		return None
	for node in tree_of(module).body:
		if isinstance(node, Function | ast.ClassDef) and node.name == name:
			return node
		if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
			original = next(a.name for a in node.names if (a.asname or a.name) == name)
			return definition(f"{node.module}.{original}")
	if path in getattr_targets(module):
		return definition(getattr_targets(module)[path])
	return None


def getattr_targets(module: str) -> dict[str, str]:
	"""For a module whose `__getattr__` serves a METHODS table: each name it serves -> our function behind it."""
	if definition_in(module, "__getattr__") is None:
		return {}
	return {f"{module}.{name}": contract for name, (_native, contract) in constant(module, "METHODS").items()}


def definition_in(module: str, name: str) -> Function | None:
	return next((n for n in tree_of(module).body if isinstance(n, Function) and n.name == name), None)


def constant(module: str, name: str) -> Any:
	"""The literal value of a module's constant."""
	for node in tree_of(module).body:
		targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
		if any(isinstance(target, ast.Name) and target.id == name for target in targets):
			return ast.literal_eval(node.value)  # type: ignore[union-attr,arg-type]
	raise KeyError(f"{module} has no constant {name}")
