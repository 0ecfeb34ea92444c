"""Arguments for any whitelisted function, by the names and types of its parameters."""

import contextlib
import copy
import inspect
import json
import re
import types
import typing
from dataclasses import dataclass
from typing import Any

import frappe
from frappe.model.document import Document

from tests.security.argument_names import (
	DATES,
	DAY,
	DOCTYPE_NAMES,
	DOCUMENTS,
	LISTS_OF_NAMES,
	NEVER_FILLED,
	NUMBERS,
	READ_REQUEST,
	RECORD_NAMES,
	TABLE,
	VALUES,
)
from tests.security.canaries import MARKER
from tests.security.planting import World
from tests.security.registry import OF_ALL_DOCUMENTS, Method
from tests.security.stand_ins import create_stand_in


@dataclass(frozen=True)
class Subject:
	"""A planted record, as arguments name it."""

	doc: Document
	column: str

	@property
	def doctype(self) -> str:
		return str(self.doc.doctype)

	@property
	def name(self) -> Any:
		return self.doc.name


@dataclass(frozen=True)
class Filling:
	"""One set of arguments. `about` is the DocType of the planted record that they name."""

	about: str
	values: dict[str, Any]

	def as_form(self) -> dict[str, str]:
		"""Return the values as Desk sends them: JSON within a form."""
		return {key: as_text(value) for key, value in self.values.items() if value is not None}


def as_text(value: Any) -> str:
	return value if isinstance(value, str) else json.dumps(value, default=str)


class Arguments:
	"""Fills parameters with planted records, otherwise with records of the site."""

	def __init__(self, world: World, methods: list[Method]) -> None:
		self.world = world
		self.subjects = [Subject(doc, _column(doc)) for doc in subjects_of(world)]
		self.named = self._records_by_parameter()
		self._create_stand_ins(methods)
		self.table: dict[str, dict[str, Any]] = json.loads(TABLE.read_text()) if TABLE.exists() else {}

	def about(self, world: World) -> "Arguments":
		"""Return the same for another planted world, with its records in the place of those of this one."""
		other = copy.copy(self)
		other.world = world
		other.subjects = [Subject(doc, _column(doc)) for doc in subjects_of(world)]
		other.named = {**self.named, **{frappe.scrub(name): doc.name for name, doc in world.records.items()}}
		return other

	def fillings(self, method: Method) -> list[Filling]:
		"""Return the sets of arguments to try: one for each planted record where the parameters can name any."""
		found: dict[str, Filling] = {}
		for subject in self._subjects_for(method):
			values = {**self.plain(method, subject), **self.table.get(method.path, {})}
			filling = Filling(subject.doctype, self.resolve(values, subject))
			found.setdefault(json.dumps(filling.values, sort_keys=True, default=str), filling)
		return list(found.values())

	def main_subject(self, method: Method) -> Subject:
		"""Return the first planted record that calls of the function are about: the employee, where that can be."""
		subjects = self._subjects_for(method)
		return next((s for s in subjects if s.doctype == "Employee"), subjects[0])

	def resolve(self, value: Any, subject: Subject) -> Any:
		"""Return `value` with the subject's DocType and name, and planted names, in the place of $doctype, $name, $<DocType>."""
		if isinstance(value, dict):
			return {key: self.resolve(part, subject) for key, part in value.items()}
		if isinstance(value, list):
			return [self.resolve(part, subject) for part in value]
		if not isinstance(value, str) or not value.startswith("$"):
			return value
		if value in ("$doctype", "$name"):
			return getattr(subject, value[1:])
		return self.named.get(frappe.scrub(value[1:]), value)

	def made_up(self, doctype: str) -> dict[str, Any]:
		"""Return an unsaved document whose links name planted records."""
		doc: dict[str, Any] = {
			"doctype": doctype,
			"name": "made-up",
			"__islocal": 1,
			"owner": "Administrator",
		}
		for df in frappe.get_meta(doctype).fields:
			if (
				df.fieldtype == "Link"
				and (name := self.named.get(frappe.scrub(df.options or ""))) is not None
			):
				doc[df.fieldname] = name
			elif df.fieldtype in ("Date", "Datetime"):
				doc[df.fieldname] = DAY
		return doc

	def _subjects_for(self, method: Method) -> list[Subject]:
		parameters = set(method.parameters)
		employees = [s for s in self.subjects if s.doctype == "Employee"] or self.subjects[:1]
		if method.doctype:
			return employees
		if {"searchfield", "page_len"} <= parameters:
			return [s for s in self.subjects if s.doctype in ("Client", "Employee")]
		if takes_anything(method) or parameters & (DOCTYPE_NAMES | DOCUMENTS):
			return self.subjects
		if parameters & (RECORD_NAMES | LISTS_OF_NAMES) and not doctype_of_module(method):
			return self.subjects
		return employees

	def plain(self, method: Method, subject: Subject) -> dict[str, Any]:
		values: dict[str, Any] = {}
		if takes_anything(method):
			values.update(self._anything(subject))
		for name, parameter in method.parameters.items():
			if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
				continue
			known, value = self.by_name(name, method, subject)
			required = parameter.default is parameter.empty
			if name in NEVER_FILLED and not required:
				continue
			if known:
				values[name] = fit(value, parameter.annotation)
			elif required:
				values[name] = fit(by_pattern(name), parameter.annotation)
		return {key: value for key, value in values.items() if value is not None}

	def _anything(self, subject: Subject) -> dict[str, Any]:
		return {
			"doctype": subject.doctype, "name": subject.name, "docname": subject.name, "dt": subject.doctype,
			"dn": subject.name, "fields": ["*"], "filters": {}, "start": 0, "page_length": 20,
		}  # fmt: skip

	def by_name(self, name: str, method: Method, subject: Subject) -> tuple[bool, Any]:  # noqa: C901
		"""Return whether the parameter's name determines its value, and the value."""
		of_module = None if method.doctype else doctype_of_module(method)
		if name in DOCTYPE_NAMES:
			return True, subject.doctype
		if name in RECORD_NAMES:
			return True, self._record_name(of_module) or subject.name
		if name in LISTS_OF_NAMES:
			return True, [subject.name]
		if name == "source_name":
			return True, self._record_name(of_module) or subject.name
		if name in DOCUMENTS:
			return True, {"doctype": subject.doctype, "name": subject.name}
		if name == "filters":
			return True, {
				"employee": self.world.name("Employee")
			} if "searchfield" in method.parameters else {}
		if name in ("fieldname", "field", "column", "colname", "group_by_field"):
			return True, subject.column
		if name in self.named:
			return True, self.named[name]
		if name in VALUES:
			return True, VALUES[name]
		return False, None

	def _record_name(self, doctype: str | None) -> Any:
		if not doctype:
			return None
		if doctype in self.world.records:
			return self.world.name(doctype)
		return self.named.get(frappe.scrub(doctype))

	def _records_by_parameter(self) -> dict[str, Any]:
		"""Return values for parameters named like a DocType: the planted record, otherwise any that the site
		has.
		"""
		named: dict[str, Any] = {}
		for doctype in frappe.get_all(
			"DocType", {"issingle": 0, "istable": 0, "is_virtual": 0}, pluck="name"
		):
			if names := frappe.get_all(doctype, pluck="name", limit=1, order_by=None):
				named[frappe.scrub(doctype)] = names[0]
		named.update({frappe.scrub(doctype): doc.name for doctype, doc in self.world.records.items()})
		return {**named, **self._other_names(named)}

	def _create_stand_ins(self, methods: list[Method]) -> None:
		"""Create a record for each DocType that parameters name and of which the site has none."""
		by_scrubbed = _doctype_by_scrubbed()
		wanted = {name for method in methods for name in method.parameters}
		wanted |= {frappe.scrub(doctype_of_module(method) or "") for method in methods}
		wanted |= {
			frappe.scrub(method.doctype)
			for method in methods
			if method.doctype and method.path not in OF_ALL_DOCUMENTS
		}
		for scrubbed in sorted(wanted - set(self.named)):
			doctype = by_scrubbed.get(scrubbed)
			if (
				not doctype
				or frappe.get_meta(doctype).issingle
				or frappe.get_meta(doctype).istable
				or frappe.get_meta(doctype).is_virtual
			):
				continue
			with contextlib.suppress(Exception):  # a function that requires it counts as not reached
				self.named[scrubbed] = create_stand_in(doctype, self.named)

	def _other_names(self, named: dict[str, Any]) -> dict[str, Any]:
		world, file = self.world, self.world.files["Employee"]
		employee = world.records["Employee"]
		return {
			"employees": [employee.name], "employee_name": employee.employee_name, "employee_id": employee.name,
			"user": employee.user_id, "user_id": employee.user_id, "users": [employee.user_id], "for_user": employee.user_id,
			"approver_id": employee.user_id, "allocated_to": employee.user_id,
			"ticket": world.name("HD Ticket"), "ticket_id": world.name("HD Ticket"), "reference_ticket": world.name("HD Ticket"),
			"tickets": [world.name("HD Ticket")], "file": file.name, "fid": file.name, "file_name": file.file_name,
			"file_url": file.file_url, "filename": file.file_name, "file_path": file.file_url, "files": [file.name],
			"attachments": [file.name], "dashboard": world.name("Orchestrator Dashboard"), "stay": world.name("Client Stay"),
			"dashboard_name": world.name("Orchestrator Dashboard"), "project": world.name("Project"),
			"projects": [world.name("Project")], "project_name": world.name("Project"), "issues": [world.name("Issue")],
			"item_code": named.get("item"), "folder": world.name("Document Folder"), "version": 1,
			"communication_id": world.name("Communication"), "connection": world.name("Kipu Connection"),
			"chart_name": named.get("dashboard_chart"), "report_name": "Employee Analytics", "board_name": "text",
			"data_import": "text", "marker": MARKER, "company": named.get("company"), "expense_approver": employee.user_id,
		}  # fmt: skip


def subjects_of(world: World) -> list[Document]:
	"""Return the planted records that calls are about, their child rows too."""
	if world.subjects:
		return [world.records[doctype] for doctype in world.subjects]
	left_out = {"Orchestrator Metric", "Kipu Connection", "Document Folder", "User", "Task"}
	docs = [doc for doctype, doc in world.records.items() if doctype not in left_out]
	for doctype in ("Sprint", "Salary Slip", "Employee", "Orchestrator Dashboard"):
		children = {
			row.doctype: row for row in frappe.get_doc(doctype, world.name(doctype)).get_all_children()
		}
		docs.extend(children.values())
	return docs


def _column(doc: Document) -> str:
	"""Return the most private text column of a record."""
	fields = [
		df
		for df in doc.meta.fields
		if df.fieldtype in ("Data", "Small Text", "Currency") and doc.get(df.fieldname)
	]
	fields.sort(key=lambda df: (-df.permlevel, df.fieldname not in ("ctc", "net_pay")))
	return fields[0].fieldname if fields else "name"


def takes_anything(method: Method) -> bool:
	"""Return True for functions that read the request themselves, or pass on all parameters."""
	if any(parameter.kind is parameter.VAR_KEYWORD for parameter in method.parameters.values()):
		return True
	return not READ_REQUEST.isdisjoint(_names_used(method.function))


def _names_used(function: Any) -> tuple[str, ...]:
	return inspect.unwrap(function).__code__.co_names


def doctype_of_module(method: Method) -> str | None:
	"""Return the DocType in whose folder the function stands."""
	match = re.search(r"\.doctype\.(\w+)\.\w+\.\w+$", method.path)
	if not match:
		return None
	return _doctype_by_scrubbed().get(match[1])


def _doctype_by_scrubbed() -> dict[str, str]:
	if not _SCRUBBED:
		_SCRUBBED.update({frappe.scrub(name): name for name in frappe.get_all("DocType", pluck="name")})
	return _SCRUBBED


_SCRUBBED: dict[str, str] = {}


def by_pattern(name: str) -> Any:
	"""Return a value for a parameter whose name is in no table."""
	if DATES.search(name):
		return DAY
	if NUMBERS.search(name):
		return 1
	if name.startswith(("is_", "has_", "with_", "include_", "show_", "no_")):
		return 0
	return "text"


def fit(value: Any, annotation: Any) -> Any:
	"""Return `value`, or one of the annotated type if it cannot be converted."""
	accepted = _types_in(annotation)
	if not accepted or type(value) in accepted or (isinstance(value, str) and str in accepted):
		return value
	if str in accepted:
		return as_text(value)
	for wanted, default in ((dict, {}), (list, []), (int, 1), (bool, False), (float, 1.0)):
		if wanted in accepted:
			return _parsed(value, wanted, default)
	return value


def _parsed(value: Any, wanted: type, default: Any) -> Any:
	if wanted in (int, float, bool):
		try:
			return wanted(value)
		except (TypeError, ValueError):
			return default
	if wanted is list and isinstance(value, str):
		return [value]
	return default


def _types_in(annotation: Any) -> set[type]:
	"""Return the plain types of an annotation, an empty set where it says nothing."""
	if annotation is inspect.Parameter.empty or annotation is Any:
		return set()
	if isinstance(annotation, str):
		return {t for word, t in WORDS.items() if re.search(rf"\b{word}\b", annotation)}
	if typing.get_origin(annotation) in (typing.Union, types.UnionType):
		return set().union(*(_types_in(part) for part in typing.get_args(annotation)))
	origin = typing.get_origin(annotation) or annotation
	if origin is typing.Literal:
		return {str}
	return {origin} if isinstance(origin, type) else set()


WORDS = {"str": str, "int": int, "dict": dict, "list": list, "bool": bool, "float": float}
