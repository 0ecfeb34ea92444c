"""The rules of docs/architecture.md, checked in the source. No site needed."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest

from tests.support import source
from tests.support.source import APP, ROOT, Import, list_modules

# Allowed imports: a package or module imports from the layers above its own. Within the first and the last layer,
# packages may import each other; domains never do. See docs/architecture.md.
FOUNDATION = {
	"access",
	"apps",
	"assignment",
	"clock",
	"compat",
	"configuration",
	"doctypes",
	"exceptions",
	"file_names",
	"immutable_record",
	"iso8601",
	"isolation",
	"leases",
	"measure_permissions",
	"measure_queries",
	"period",
	"private_doctypes",
	"rows",
}
CONTRACT = {"api"}
DOMAINS = {"crm", "hr", "helpdesk", "docs", "insights", "gameplan", "privacy", "sync"}
FRAPPE_MODULE = {"orchestrator"}  # a DocType does not depend on the installer
OUTSIDE = {"setup", "commands", "patches", "www"}
LAYERS = (FOUNDATION, CONTRACT, DOMAINS, FRAPPE_MODULE, OUTSIDE)
TABLES = {"hooks"}
STANDALONE = {"kipu_simulator"}  # a development tool: imports nothing of the app
# Within the two large domains: each package or module imports from the layers before its own. "" is the package itself.
INNER_LAYERS = {
	"sync": (
		{"client_search", "errors", "measures", "roles", "shapes"},
		{"http"},
		{"kipu"},
		{"connection", "facility_rules"},
		{"kipu_connection_rules"},
		{"merge"},
		{"storage"},
		{"runs"},
		{"actions", "clients", "tools"},
		{"wizard"},
		{"connection_wizard", "jobs", ""},
	),
	"insights": ({"metrics", "shapes"}, {"dashboards", "reports"}, {"subscriptions"}, {""}),
	"insights.reports": (
		{"content"},
		{"formats"},
		{
			"",
			"report_jobs",
			"report_mail",
			"report_request",
			"report_runs",
			"report_schedules",
			"report_stream",
		},
	),
}
MAY_IMPORT_EACH_OTHER = ("insights.reports",)
CONTROLLER_HOOKS = {
	"_validate_links",
	"after_insert",
	"after_tagging",
	"apply_fieldlevel_read_permissions",
	"autoname",
	"before_cancel",
	"before_insert",
	"before_print",
	"before_rename",
	"before_validate",
	"get_data",  # the connections of a form, in <doctype>_dashboard.py
	"on_doctype_update",
	"on_trash",
	"on_update",
	"onload",
	"validate",
	"validate_share",
}
VERBS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
DOTTED_PATH = re.compile(rf"^{APP}(\.\w+)+$")


def get_package(module: str, parent: str = APP) -> str:
	"""Return the module or package directly below `parent` that `module` is in; "" for `parent` itself."""
	return module.removeprefix(parent).removeprefix(".").split(".")[0]


def get_layer(package: str, layers: tuple[set[str], ...] = LAYERS) -> int:
	return next(number for number, packages in enumerate(layers) if package in packages)


def is_allowed(importer: str, imported: Import) -> bool:
	here, there = get_package(importer), get_package(imported.module)
	if imported.module == APP:
		return imported.name == "__version__"
	if there in STANDALONE:
		return here in OUTSIDE | STANDALONE
	if here in STANDALONE or there in TABLES:
		return False
	layer = get_layer(here)
	return (
		here == there
		or get_layer(there) < layer
		or (LAYERS[layer] is not DOMAINS and get_layer(there) == layer)
	)


def test_the_layers_name_every_package_of_the_app() -> None:
	packages = {get_package(module) for module in list_modules() if module != APP}
	assert packages == set().union(*LAYERS, TABLES, STANDALONE)


def test_imports_point_to_lower_layers() -> None:
	wrong = [
		f"{module}:{found.line} imports {found.module}"
		for module in list_modules()
		if module != APP and get_package(module) not in TABLES
		for found in source.list_imports(module)
		if not is_allowed(module, found)
	]
	assert wrong == []


@pytest.mark.parametrize("parent", INNER_LAYERS)
def test_the_layers_within_a_domain_name_every_package_of_it(parent: str) -> None:
	parent_name = f"{APP}.{parent}"
	packages = {get_package(m, parent_name) for m in list_modules() if f"{m}.".startswith(f"{parent_name}.")}
	assert packages == set().union(*INNER_LAYERS[parent])


@pytest.mark.parametrize("parent", INNER_LAYERS)
def test_imports_within_a_domain_point_to_lower_layers(parent: str) -> None:
	assert [
		f"{module}:{line} imports {imported}"
		for module, line, imported in list_imports_within(f"{APP}.{parent}")
		if not is_allowed_within(parent, module, imported)
	] == []


def list_imports_within(parent: str) -> Iterator[tuple[str, int, str]]:
	for module in list_modules():
		if f"{module}.".startswith(f"{parent}."):
			for found in source.list_imports(module):
				if f"{found.module}.".startswith(f"{parent}."):
					yield module, found.line, found.module


def is_allowed_within(parent: str, importer: str, imported: str) -> bool:
	here, there = (get_package(module, f"{APP}.{parent}") for module in (importer, imported))
	layers = INNER_LAYERS[parent]
	same_layer = get_layer(here, layers) == get_layer(there, layers)
	return (
		here == there
		or get_layer(there, layers) < get_layer(here, layers)
		or (same_layer and parent in MAY_IMPORT_EACH_OTHER)
	)


def test_no_module_imports_itself_by_way_of_others() -> None:
	graph = {module: {found.module for found in source.list_imports(module)} for module in list_modules()}
	list(TopologicalSorter(graph).static_order())  # raises CycleError and names the modules


def test_only_commands_import_modules_of_the_app_inside_functions() -> None:
	"""Bench loads the commands of every app at each start, so a command imports what it needs once it runs. Other apps
	and heavy libraries may be imported where they are used: not every site has them."""
	wrong = [
		f"{module}:{node.lineno}"
		for module in list_modules()
		if get_package(module) != "commands"
		for function in ast.walk(source.parse_module(module))
		if isinstance(function, source.Function)
		for node in ast.walk(function)
		if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == APP
	]
	assert wrong == []


def test_no_module_imports_definitions_of_a_package_init() -> None:
	wrong = [
		f"{module}:{found.line} takes {found.name} out of {found.module}"
		for module in list_modules()
		for found in source.list_imports(module)
		if found.name and found.module != APP and source.is_package(found.module)
	]
	assert wrong == []


def test_the_app_itself_holds_its_version_and_nothing_else() -> None:
	assert [ast.unparse(node) for node in source.parse_module(APP).body if isinstance(node, ast.Assign)] == [
		f"__version__ = '{source.get_constant(APP, '__version__')}'"
	]
	assert not any(isinstance(node, source.Function) for node in source.parse_module(APP).body)


def test_hooks_are_tables() -> None:
	for node in source.parse_module(f"{APP}.hooks").body:
		if isinstance(node, ast.Expr):  # the docstring
			assert isinstance(node.value, ast.Constant)
			continue
		assert isinstance(node, ast.Assign | ast.AnnAssign), f"line {node.lineno}: {ast.unparse(node)}"
		ast.literal_eval(node.value)  # raises on anything but a literal


def test_every_dotted_path_in_hooks_names_a_function() -> None:
	names_for_callers = source.get_constant(f"{APP}.hooks", "override_whitelisted_methods").keys()
	called = source.get_constant(f"{APP}.hooks", "override_whitelisted_methods").keys()
	missing = [
		path
		for node in source.parse_module(f"{APP}.hooks").body
		if isinstance(node, ast.Assign)
		for path in list_strings(ast.literal_eval(node.value))
		if DOTTED_PATH.match(path)
		and path not in names_for_callers
		and not path.endswith((".js", ".css"))
		and path not in called
		and source.find_definition(path) is None
	]
	assert missing == []


def list_strings(value: Any) -> Iterator[str]:
	"""Yield every string in nested tables, including keys."""
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for item in (*value.keys(), *value.values()):
			yield from list_strings(item)
	elif isinstance(value, list | tuple):
		for item in value:
			yield from list_strings(item)


def test_every_line_of_patches_txt_names_a_patch() -> None:
	lines = (ROOT / APP / "patches.txt").read_text().splitlines()
	patches = [line.split("#")[0].strip() for line in lines]
	named = [patch for patch in patches if patch and not patch.startswith("[")]
	assert named
	assert [patch for patch in named if source.find_definition(f"{patch}.execute") is None] == []


def test_the_app_has_one_frappe_module() -> None:
	assert (ROOT / APP / "modules.txt").read_text().split("\n") in (["Orchestrator"], ["Orchestrator", ""])


ENDPOINTS = [
	pytest.param(module, function, id=f"{module}.{function.name}")
	for module, function in source.list_endpoints()
]


@pytest.mark.parametrize(("_module", "function"), ENDPOINTS)
def test_every_endpoint_declares_its_methods(_module: str, function: source.Function) -> None:
	whitelist = source.find_whitelist(function)
	keywords = {k.arg: k.value for k in whitelist.keywords} if isinstance(whitelist, ast.Call) else {}
	assert "methods" in keywords
	declared = ast.literal_eval(keywords["methods"])
	assert declared and set(declared) <= VERBS


@pytest.mark.parametrize(("module", "function"), ENDPOINTS)
def test_whitelist_is_the_outermost_decorator_followed_by_endpoint(
	module: str, function: source.Function
) -> None:
	decorators = [source.get_decorator_name(decorator) for decorator in function.decorator_list]
	assert decorators[0] == "frappe.whitelist"
	if get_package(module) in CONTRACT | DOMAINS:
		assert decorators[1] == "endpoint"


@pytest.mark.parametrize(("_module", "function"), ENDPOINTS)
def test_every_endpoint_is_typed_and_documented(_module: str, function: source.Function) -> None:
	arguments = function.args
	named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
	starred = [argument for argument in (arguments.vararg, arguments.kwarg) if argument]
	untyped = [a.arg for a in (*named, *starred) if a.annotation is None and a.arg != "self"]
	assert untyped == []
	assert function.returns is not None
	assert ast.get_docstring(function)


@pytest.mark.parametrize("module", sorted({module for module, _function in source.list_endpoints()}))
def test_no_endpoint_file_postpones_annotations(module: str) -> None:
	"""Frappe would not validate arguments whose annotations are strings."""
	futures = [
		n
		for n in source.parse_module(module).body
		if isinstance(n, ast.ImportFrom) and n.module == "__future__"
	]
	assert [alias.name for node in futures for alias in node.names if alias.name == "annotations"] == []


def test_no_module_has_the_name_of_an_endpoint_beside_it() -> None:
	"""Importing the module would replace the function in its package."""
	clashes = [
		f"{module}.{function.name}"
		for module, function in source.list_endpoints()
		if source.is_package(module) and f"{module}.{function.name}" in list_modules()
	]
	assert clashes == []


def test_returned_shapes_stand_in_the_shapes_module_of_their_domain() -> None:
	elsewhere = [
		f"{module}.{node.name}"
		for module in list_modules()
		if module.rpartition(".")[2] != "shapes"
		for node in ast.walk(source.parse_module(module))
		if isinstance(node, ast.ClassDef)
		and "TypedDict" in [source.get_decorator_name(base) for base in node.bases]
	]
	assert elsewhere == []


def test_controllers_have_hooks_only() -> None:
	"""The rules of a DocType are in its domain."""
	others = [
		f"{module}.{function.name}"
		for module in list_modules()
		if ".doctype." in module
		for function in ast.walk(source.parse_module(module))
		if isinstance(function, source.Function)
		and function.name not in CONTROLLER_HOOKS
		and not {source.get_decorator_name(d) for d in function.decorator_list}
		& {"property", "frappe.whitelist"}
	]
	assert others == []
