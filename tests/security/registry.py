"""Every whitelisted function of the installed apps. They register themselves when their modules are imported."""

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import frappe

# Methods of every document; routes.py calls them on planted records
OF_ALL_DOCUMENTS = frozenset(
	{
		"add_comment",
		"rename",
		"validate_rename",
		"run_method",
		"submit",
		"cancel",
		"get_title",
		"add_tag",
		"get_tags",
	}
)
SKIPPED_FOLDERS = frozenset({"node_modules", "public", "__pycache__", ".git"})


@dataclass(frozen=True)
class Method:
	"""A whitelisted function: of a module or, if `doctype` is set, of that DocType's controller."""

	path: str
	function: Callable
	verbs: tuple[str, ...]
	for_guests: bool
	doctype: str | None = None

	@property
	def parameters(self) -> dict[str, inspect.Parameter]:
		try:
			parameters = inspect.signature(self.function).parameters
		except (TypeError, ValueError):
			return {}
		return {name: value for name, value in parameters.items() if name not in ("self", "cls")}


def find_methods() -> list[Method]:
	"""Return every whitelisted function, sorted by path; those of controllers once for each DocType they serve."""
	_import_all()
	controllers = _controllers()
	methods = [method for function in frappe.whitelisted for method in _describe(function, controllers)]
	return sorted(
		{(method.path, method.doctype): method for method in methods}.values(),
		key=lambda m: (m.path, m.doctype or ""),
	)


def _describe(function: Callable, controllers: dict[str, type]) -> Iterator[Method]:
	verbs = tuple(frappe.allowed_http_methods_for_whitelisted_func[function])
	for_guests = function in frappe.guest_methods
	if "." not in function.__qualname__:
		yield Method(f"{function.__module__}.{function.__name__}", function, verbs, for_guests)
		return
	owner = _owner(function)
	if function.__name__ in OF_ALL_DOCUMENTS and function.__module__ == "frappe.model.document":
		return
	for doctype, controller in controllers.items():
		if owner and issubclass(controller, owner):
			yield Method(function.__name__, function, verbs, for_guests, doctype)


def _owner(function: Callable) -> type | None:
	value = sys.modules.get(function.__module__)
	for part in function.__qualname__.split(".")[:-1]:
		value = getattr(value, part, None)
	return value if isinstance(value, type) else None


def _controllers() -> dict[str, type]:
	from frappe.model.base_document import get_controller

	found = {}
	for doctype in frappe.get_all("DocType", pluck="name", order_by="name"):
		try:
			found[doctype] = get_controller(doctype)
		except ImportError:
			continue
	return found


def _import_all() -> None:
	"""Import each module with whitelisted functions. Those of modules that cannot be imported cannot be
	called either.
	"""
	for app in frappe.get_installed_apps():
		package = Path(importlib.import_module(app).__file__ or "").parent
		for path in _sources(package):
			module = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(
				".__init__"
			)
			if "whitelist" not in path.read_text(errors="replace") or _is_test(module):
				continue
			importlib.import_module(module)


def _is_test(module: str) -> bool:
	"""Return True for modules of tests: they refuse to be imported within a request
	(frappe.tests.ui_test_helpers).
	"""
	return ".tests." in module or module.rpartition(".")[2].startswith("test_") or ".patches." in module


def _sources(package: Path) -> Iterator[Path]:
	for folder, folders, files in os.walk(package):
		folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
		yield from (Path(folder) / name for name in sorted(files) if name.endswith(".py"))
