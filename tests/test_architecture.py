"""The rules of docs/architecture.md, read off the source. No site needed."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from tests import source
from tests.source import APP, ROOT, Import, modules

# Who may import whom: a room imports from the rows above its own. Within the first and the last row, rooms may
# import each other; domains never do. See docs/architecture.md.
FOUNDATION = {
	"access",
	"apps",
	"assignment",
	"compat",
	"configuration",
	"exceptions",
	"measure_queries",
	"file_names",
	"isolation",
	"period",
}
CONTRACT = {"api"}
DOMAINS = {"crm", "hr", "helpdesk", "docs", "insights", "gameplan", "sync"}
OUTSIDE = {"setup", "commands", "patches", "orchestrator", "demo"}  # `orchestrator`: the one Frappe module
ROWS = (FOUNDATION, CONTRACT, DOMAINS, OUTSIDE)
TABLES = {"hooks"}
VERBS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
DOTTED_PATH = re.compile(rf"^{APP}(\.\w+)+$")


def room_of(module: str) -> str:
	"""The top-level module or package of the app that `module` is in; the app itself for its `__init__`."""
	parts = module.split(".")
	return parts[1] if len(parts) > 1 else APP


def row_of(room: str) -> int:
	return next(number for number, rooms in enumerate(ROWS) if room in rooms)


def is_allowed(importer: str, imported: Import) -> bool:
	here, there = room_of(importer), room_of(imported.module)
	if imported.module == APP:
		return imported.name == "__version__"
	if there in TABLES:
		return False
	row = row_of(here)
	return here == there or row_of(there) < row or (ROWS[row] is not DOMAINS and row_of(there) == row)


def test_every_room_has_its_row() -> None:
	rooms = {room_of(module) for module in modules() if module != APP}
	assert rooms - set().union(*ROWS, TABLES) == set()


def test_imports_point_inward() -> None:
	wrong = [
		f"{module}:{found.line} imports {found.module}"
		for module in modules()
		if module != APP and room_of(module) not in TABLES
		for found in source.imports(module)
		if not is_allowed(module, found)
	]
	assert wrong == []


def test_nothing_imports_what_a_package_init_defines() -> None:
	wrong = [
		f"{module}:{found.line} takes {found.name} out of {found.module}"
		for module in modules()
		for found in source.imports(module)
		if found.name and found.module != APP and source.is_package(found.module)
	]
	assert wrong == []


def test_the_app_itself_holds_its_version_and_nothing_else() -> None:
	assert [ast.unparse(node) for node in source.tree_of(APP).body if isinstance(node, ast.Assign)] == [
		f"__version__ = '{source.constant(APP, '__version__')}'"
	]
	assert not any(isinstance(node, source.Function) for node in source.tree_of(APP).body)


def test_hooks_are_tables() -> None:
	for node in source.tree_of(f"{APP}.hooks").body:
		if isinstance(node, ast.Expr):  # the docstring
			assert isinstance(node.value, ast.Constant)
			continue
		assert isinstance(node, ast.Assign | ast.AnnAssign), f"line {node.lineno}: {ast.unparse(node)}"
		ast.literal_eval(node.value)  # raises on anything but a literal


def test_every_dotted_path_in_hooks_names_a_function() -> None:
	missing = [
		path
		for node in source.tree_of(f"{APP}.hooks").body
		if isinstance(node, ast.Assign)
		for path in strings(ast.literal_eval(node.value))
		if DOTTED_PATH.match(path) and not path.endswith((".js", ".css")) and source.definition(path) is None
	]
	assert missing == []


def strings(value: Any) -> Iterator[str]:
	"""Every string in nested tables, keys too."""
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for item in (*value.keys(), *value.values()):
			yield from strings(item)
	elif isinstance(value, list | tuple):
		for item in value:
			yield from strings(item)


def test_every_line_of_patches_txt_names_a_patch() -> None:
	lines = (ROOT / APP / "patches.txt").read_text().splitlines()
	patches = [line.split("#")[0].strip() for line in lines]
	named = [patch for patch in patches if patch and not patch.startswith("[")]
	assert named
	assert [patch for patch in named if source.definition(f"{patch}.execute") is None] == []


def test_the_app_has_one_frappe_module() -> None:
	assert (ROOT / APP / "modules.txt").read_text().split("\n") in (["Orchestrator"], ["Orchestrator", ""])


def test_every_endpoint_declares_its_methods() -> None:
	for module, function in source.endpoints():
		whitelist = source.whitelist_of(function)
		keywords = {k.arg: k.value for k in whitelist.keywords} if isinstance(whitelist, ast.Call) else {}
		where = f"{module}.{function.name}"
		assert "methods" in keywords, f"{where} does not declare its methods"
		declared = ast.literal_eval(keywords["methods"])
		assert declared and set(declared) <= VERBS, where


def test_whitelist_is_the_outermost_decorator_and_the_contract_stands_inside() -> None:
	for module, function in source.endpoints():
		where = f"{module}.{function.name}"
		decorators = [source.name_of(decorator) for decorator in function.decorator_list]
		assert decorators[0] == "frappe.whitelist", where
		if room_of(module) in CONTRACT | DOMAINS:
			assert decorators[1] == "endpoint", where


def test_every_endpoint_is_typed_and_documented() -> None:
	for module, function in source.endpoints():
		where = f"{module}.{function.name}"
		arguments = function.args
		named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
		starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
		untyped = [a.arg for a in (*named, *starred) if a.annotation is None and a.arg != "self"]
		assert untyped == [], where
		assert function.returns is not None, where
		assert ast.get_docstring(function), where


def test_no_endpoint_file_postpones_annotations() -> None:
	"""Frappe would not validate arguments whose annotations are strings."""
	for module in {module for module, _function in source.endpoints()}:
		futures = [
			n
			for n in source.tree_of(module).body
			if isinstance(n, ast.ImportFrom) and n.module == "__future__"
		]
		assert [
			alias.name for node in futures for alias in node.names if alias.name == "annotations"
		] == [], module


def test_no_module_has_the_name_of_an_endpoint_beside_it() -> None:
	"""Importing the module would replace the function in its package."""
	clashes = [
		f"{module}.{function.name}"
		for module, function in source.endpoints()
		if source.is_package(module) and f"{module}.{function.name}" in modules()
	]
	assert clashes == []
