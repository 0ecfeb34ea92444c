"""Permission checks of guarded methods, one class per kind. Each is called with the arguments of the method,
and raises PermissionError (403) or DoesNotExistError (404) if the caller lacks the permission.
"""

from dataclasses import dataclass, field
from typing import Any

import frappe
from frappe import _
from frappe.model.db_query import DatabaseQuery

from orchestrator import compat
from orchestrator.access.arguments import Arguments, find_names
from orchestrator.exceptions import refuse

# Prefix of the name that Desk gives to an unsaved record
UNSAVED_PREFIX = "new-"
APPROVER_FIELDS = ("leave_approver", "expense_approver", "shift_request_approver")


@dataclass(frozen=True)
class RecordRight:
	"""Require a permission on the records of one DocType that an argument names."""

	doctype: str
	argument: str
	right: str = "read"

	def __call__(self, arguments: Arguments) -> None:
		for name in find_names(arguments, self.argument):
			check_record(self.doctype, name, self.right)


@dataclass(frozen=True)
class DeletedRecordRight:
	"""Require the right to restore the deleted records that an argument names: to read the copy and to create
	the record.
	"""

	argument: str

	def __call__(self, arguments: Arguments) -> None:
		for name in find_names(arguments, self.argument):
			check_record("Deleted Document", name)
			doctype = frappe.db.get_value("Deleted Document", name, "deleted_doctype")
			if doctype and frappe.db.exists("DocType", doctype):
				check_doctype(doctype)
				check_doctype(doctype, "create")


@dataclass(frozen=True)
class AnyRecordRight:
	"""Require a permission on the records that two arguments name: a DocType and a name. Without a name, on
	the DocType.
	"""

	doctype_argument: str
	argument: str
	right: str = "read"
	free: frozenset[str] = frozenset()

	def __call__(self, arguments: Arguments) -> None:
		names = find_names(arguments, self.argument)
		for doctype in find_names(arguments, self.doctype_argument):
			if doctype in self.free:
				continue
			if not names:
				check_doctype(doctype, self.right)
			for name in names:
				check_record(doctype, name, self.right)


@dataclass(frozen=True)
class DocTypeRight:
	"""Require a permission on a DocType, whatever the arguments are."""

	doctype: str
	right: str = "read"

	def __call__(self, _arguments: Arguments) -> None:
		check_doctype(self.doctype, self.right)


@dataclass(frozen=True)
class EmployeeOrApprover:
	"""Require that the caller may read the employees that an argument names, or is their approver."""

	argument: str

	def __call__(self, arguments: Arguments) -> None:
		for name in find_names(arguments, self.argument):
			if not _is_approver(name):
				check_record("Employee", name)


@dataclass(frozen=True)
class OwnUser:
	"""Require that an argument names the caller's own user, unless the caller may change users."""

	argument: str

	def __call__(self, arguments: Arguments) -> None:
		for name in find_names(arguments, self.argument):
			if name != frappe.session.user and not frappe.has_permission("User", "write", doc=name):
				refuse(_("You may do this only for yourself."), frappe.PermissionError)


@dataclass(frozen=True)
class AnyRole:
	"""Require one of several roles."""

	roles: tuple[str, ...]

	def __call__(self, _arguments: Arguments) -> None:
		if frappe.session.user != "Administrator" and not set(self.roles) & set(frappe.get_roles()):
			refuse(
				_("This needs one of these roles: {0}.").format(", ".join(self.roles)), frappe.PermissionError
			)


@dataclass(frozen=True)
class WholeListRight:
	"""Require that the caller may read every record of a list that the method reads without permissions.

	`filters` are those of the method, `equal` further ones: field -> path to the argument.
	"""

	doctype: str
	filters: tuple[tuple[str, str, Any], ...] = ()
	equal: dict[str, str] = field(default_factory=dict)

	def __call__(self, arguments: Arguments) -> None:
		filters: list[Any] = [list(each) for each in self.filters]
		for fieldname, path in self.equal.items():
			filters += [[fieldname, "=", name] for name in find_names(arguments, path)]
		check_whole_list(self.doctype, filters)


@dataclass(frozen=True)
class NeverAllowed:
	"""Refuse the method to everybody."""

	reason: str

	def __call__(self, _arguments: Arguments) -> None:
		refuse(_(self.reason), frappe.PermissionError)


def check_doctype(doctype: str, right: str = "read") -> None:
	"""Raise PermissionError (403) if the caller lacks the permission on the DocType."""
	if not frappe.has_permission(doctype, right):
		refuse(_("You do not have permission to {0} {1}.").format(right, _(doctype)), frappe.PermissionError)


def check_record(doctype: str, name: str, right: str = "read") -> None:
	"""Raise PermissionError (403) if the caller lacks the permission on the DocType, DoesNotExistError (404)
	if the record does not exist or the caller may not read it.
	"""
	check_doctype(doctype, right)
	if name.startswith(UNSAVED_PREFIX) and not frappe.db.exists(doctype, name):
		return
	if not _is_permitted(doctype, name, "read"):
		refuse(_("{0} {1} not found").format(_(doctype), name), frappe.DoesNotExistError)
	if right != "read" and not _is_permitted(doctype, name, right):
		refuse(_("You do not have permission to {0} {1}.").format(right, name), frappe.PermissionError)


def check_whole_list(doctype: str, filters: list[Any]) -> None:
	"""Raise PermissionError (403) if records that match the filters are hidden from the caller."""
	check_doctype(doctype)
	if not has_restrictions(doctype):
		return
	fields = ["count(*) as records"]
	everything = compat.get_all(doctype, fields=fields, filters=filters)[0].records
	if compat.get_list(doctype, fields=fields, filters=filters)[0].records != everything:
		refuse(_("Some of these {0} records are hidden from you.").format(_(doctype)), frappe.PermissionError)


def has_restrictions(doctype: str) -> bool:
	"""Return True if the caller's lists of the DocType omit records. Raise PermissionError if they are
	refused.
	"""
	query = DatabaseQuery(doctype)
	query.reference_doctype = doctype
	return bool(query.build_match_conditions())


def _is_approver(employee: str) -> bool:
	"""Return True if the caller approves the employee's requests."""
	found = frappe.db.get_value("Employee", employee, [*APPROVER_FIELDS, "department"], as_dict=True)
	if not found:
		return False
	if frappe.session.user in [found[fieldname] for fieldname in APPROVER_FIELDS]:
		return True
	approver = {"parent": found.department, "approver": frappe.session.user}
	return bool(found.department and frappe.db.exists("Department Approver", approver))


def _is_permitted(doctype: str, name: str, right: str) -> bool:
	try:
		return bool(frappe.has_permission(doctype, right, doc=name))
	except frappe.DoesNotExistError:
		frappe.clear_last_message()
		return False
