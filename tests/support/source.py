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
	"""An import: `module` is the imported file, `name` the imported name, if any."""

	line: int
	module: str
	name: str | None


@cache
def list_modules() -> dict[str, Path]:
	"""Return the file of every module of the app, by its dotted name."""
	return {get_dotted_name(path): path for path in sorted((ROOT / APP).rglob("*.py"))}


def get_dotted_name(path: Path) -> str:
	parts = path.relative_to(ROOT).with_suffix("").parts
	return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def parse_module(module: str) -> ast.Module:
	return ast.parse(list_modules()[module].read_text())


def is_package(module: str) -> bool:
	return list_modules()[module].name == "__init__.py"


def list_imports(module: str) -> Iterator[Import]:
	"""Yield the app's own modules that `module` imports at run time, also inside functions."""
	for node in walk_run_time_nodes(parse_module(module)):
		if isinstance(node, ast.Import):
			for alias in node.names:
				if alias.name.split(".")[0] == APP:
					yield Import(node.lineno, alias.name, None)
		elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == APP:
			for alias in node.names:
				target = f"{node.module}.{alias.name}"
				if target in list_modules():
					yield Import(node.lineno, target, None)
				else:
					yield Import(node.lineno, str(node.module), alias.name)


def walk_run_time_nodes(node: ast.AST) -> Iterator[ast.AST]:
	"""Yield every node below `node` except those under `if TYPE_CHECKING:`."""
	for child in ast.iter_child_nodes(node):
		if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
			continue
		yield child
		yield from walk_run_time_nodes(child)


def list_endpoints() -> Iterator[tuple[str, Function]]:
	"""Yield every whitelisted function with its module; methods of DocTypes as well."""
	for module in list_modules():
		for node in ast.walk(parse_module(module)):
			if isinstance(node, Function) and find_whitelist(node) is not None:
				yield module, node


def find_whitelist(function: Function) -> ast.expr | None:
	"""Return the function's `@frappe.whitelist`, however it is written."""
	return next((d for d in function.decorator_list if get_decorator_name(d) == "frappe.whitelist"), None)


def get_decorator_name(decorator: ast.expr) -> str:
	return ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def find_definition(path: str) -> ast.AST | None:
	"""Return the function or class that a dotted path names, through re-exports and `__getattr__` tables."""
	module, _, name = path.rpartition(".")
	if module not in list_modules():
		return None
	for node in parse_module(module).body:
		if isinstance(node, Function | ast.ClassDef) and node.name == name:
			return node
		if isinstance(node, ast.ImportFrom) and any((a.asname or a.name) == name for a in node.names):
			original = next(a.name for a in node.names if (a.asname or a.name) == name)
			return find_definition(f"{node.module}.{original}")
	if path in list_getattr_targets(module):
		return find_definition(list_getattr_targets(module)[path])
	return None


def list_getattr_targets(module: str) -> dict[str, str]:
	"""Return, for a module whose `__getattr__` serves a METHODS table, each served name with this app's
	function: the second of two, or in a table of Frappe's functions only, the one that refuses.
	"""
	if find_function(module, "__getattr__") is None:
		return {}
	return {
		f"{module}.{name}": get_constant(module, "REFUSAL") if isinstance(target, str) else target[1]
		for name, target in get_constant(module, "METHODS").items()
	}


def find_function(module: str, name: str) -> Function | None:
	return next((n for n in parse_module(module).body if isinstance(n, Function) and n.name == name), None)


def get_constant(module: str, name: str) -> Any:
	"""Return the literal value of a module's constant."""
	for node in parse_module(module).body:
		targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
		if any(isinstance(target, ast.Name) and target.id == name for target in targets):
			return ast.literal_eval(node.value)  # type: ignore[union-attr,arg-type]
	raise KeyError(f"{module} has no constant {name}")
