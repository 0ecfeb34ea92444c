"""Differences between Frappe 15 and Frappe 16, as named facts. No other module asks for a version.

Differences of ERPNext, HRMS, Helpdesk or Gameplan are detected on the site (a field, a naming rule, a
function), because those apps are not bound to Frappe's major version.
"""

import contextlib
import functools
import hashlib
import pickle
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import pymysql
import pymysql.cursors
import redis.exceptions

import frappe
from frappe.desk import search
from frappe.integrations.doctype.webhook import get_all_webhooks
from frappe.model import base_document
from frappe.model.base_document import BaseDocument
from frappe.model.db_query import DatabaseQuery
from frappe.model.document import Document
from frappe.model.meta import Meta

T = TypeVar("T")

FRAPPE_MAJOR = int(frappe.__version__.split(".")[0])

# Returned by a has_permission hook that does not object. Frappe 16 calls every hook and treats None as
# a refusal. Frappe 15 stops at the first hook that returns anything, so that True there would prevent the hooks of other
# apps, and Frappe's own for files, from being called.
NO_OPINION: bool | None = None if FRAPPE_MAJOR < 16 else True

# Frappe 16 makes its lists by the query builder, which checks permissions there. Frappe 15 makes them by DatabaseQuery.
QUERY_BUILDER_CHECKS_PERMISSIONS = FRAPPE_MAJOR >= 16

# The labels of a Dashboard Chart by a link are the titles of the linked records.
CHARTS_SHOW_TITLES = FRAPPE_MAJOR >= 16

# Frappe 16 lets a search ignore user permissions if the link field that it names has that property.
SEARCH_CHECKS_LINK_FIELD = hasattr(search, "validate_ignore_user_permissions")


# Frappe 16 decodes a File as text in one of several encodings, including old code pages
DECODES_BINARY_FILES = FRAPPE_MAJOR >= 16

# Names that this app's tables have for one of the two lines alone
_NAMES_OF_15 = frozenset(
	{
		"frappe.handler.uploadfile",
		"frappe.realtime.can_subscribe_doc",
		"frappe.social.doctype.energy_point_log.energy_point_log.get_reviews",
		"frappe.social.doctype.energy_point_rule.energy_point_rule.process_energy_points",
		"frappe.templates.includes.likes.likes.like",
		"hrms.api.download_salary_slip",
		*(
			f"hrms.payroll.doctype.employee_benefit_application.employee_benefit_application.{function}"
			for function in (
				"get_earning_components",
				"get_earning_components_max_benefits",
				"get_max_benefits",
				"get_max_benefits_remaining",
			)
		),
	}
)
_NAMES_OF_16 = frozenset(
	{
		"erpnext.accounts.doctype.payment_request.payment_request.get_available_payment_schedules",
		"erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry.get_invoices",
		"erpnext.controllers.accounts_controller.get_missing_company_details",
		"erpnext.controllers.accounts_controller.update_company_master_and_address",
		"erpnext.controllers.sales_and_purchase_return.get_invoice_item_returned_qty",
		"erpnext.controllers.sales_and_purchase_return.is_invoice_returnable",
		"erpnext.manufacturing.doctype.master_production_schedule.master_production_schedule.get_mps_details",
		"erpnext.manufacturing.doctype.workstation.workstation.update_job_card",
		"erpnext.stock.doctype.repost_item_valuation.repost_item_valuation.bulk_restart_reposting",
		"erpnext.subcontracting.doctype.subcontracting_inward_order.subcontracting_inward_order.update_subcontracting_inward_order_status",
		"frappe.client.validate_link_and_fetch",
		"hrms.api._download_pdf",
		"hrms.hr.doctype.leave_adjustment.leave_adjustment.get_allocated_leave_types",
		"hrms.hr.doctype.leave_adjustment.leave_adjustment.get_leave_allocation_for_posting_date",
		"hrms.hr.doctype.overtime_slip.overtime_slip.filter_employees_for_overtime_slip_creation",
		"hrms.payroll.doctype.employee_benefit_claim.employee_benefit_claim.get_benefit_components",
		"frappe.core.doctype.permission_log.permission_log.make_perm_log",
		"frappe.realtime.has_permission",
	}
)
NAMES_OF_THE_OTHER_LINE = _NAMES_OF_16 if FRAPPE_MAJOR < 16 else _NAMES_OF_15
# Of apps whose versions are not bound to Frappe's: present, and callable by requests, in some versions only
NAMES_OF_SOME_VERSIONS = frozenset(
	{
		"erpnext.manufacturing.doctype.workstation.workstation.get_raw_materials",
		"gameplan.api.get_search_filter_options",
		"gameplan.api.search",
		"gameplan.api.search_sqlite",
		"gameplan.command_palette.search",
		"gameplan.command_palette.search_sqlite",
		"gameplan.gameplan.doctype.gp_project.gp_project.mark_all_as_read",
		"gameplan.gameplan.doctype.gp_unread_record.gp_unread_record.get_unread_count",
		"helpdesk.api.article.get_article_stats",
		"helpdesk.api.assignment_rule.duplicate_assignment_rule",
		"helpdesk.api.saved_replies.get_rendered_saved_reply",
		"helpdesk.api.sla.get_sla",
		"helpdesk.helpdesk.doctype.hd_ticket.api.show_outside_hours_banner",
		"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.get_reactions",
		"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.toggle_reaction",
		"helpdesk.search.search",
		"helpdesk.templates.components.search.search.search_text",
		"hrms.hr.doctype.appraisal_cycle.appraisal_cycle.get_employees_without_feedback",
	}
)


# Names that are never fields of a record: Frappe 16 keeps them in the module, Frappe 15 in the class
RESERVED_KEYWORDS: frozenset[str] = (
	BaseDocument._reserved_keywords if FRAPPE_MAJOR < 16 else base_document.RESERVED_KEYWORDS
) | {"meta", "parent_doc", "permitted_fieldnames"}


# SQL for a number as text, in the collation of Frappe's tables: mysqlclient leaves the connection at the server's default
# one, which could not be compared with a column or used with one in a UNION
AS_TEXT = "CAST({} AS CHAR) COLLATE utf8mb4_unicode_ci"


class _Driver(NamedTuple):
	"""A client library of MariaDB: its exceptions, and its cursor that reads rows one by one."""

	package: str
	errors: Any
	unbuffered_cursor: type


_DRIVERS = [_Driver("pymysql", pymysql.err, pymysql.cursors.SSCursor)]
try:  # Frappe 16 connects by mysqlclient, unless site_config.json has "use_mysqlclient": 0
	import MySQLdb  # type: ignore[import-not-found,import-untyped,unused-ignore]
	import MySQLdb.cursors  # type: ignore[import-not-found,import-untyped,unused-ignore]

	_DRIVERS.append(_Driver("MySQLdb", MySQLdb, MySQLdb.cursors.SSCursor))
except ImportError:
	pass


def _get_errors(name: str) -> tuple[type[Exception], ...]:
	return tuple(getattr(driver.errors, name) for driver in _DRIVERS)


# For `except` and `isinstance`: the errors of the driver that this site uses
DatabaseError = _get_errors("MySQLError")  # the base class of the others, also of interface errors
OperationalError = _get_errors("OperationalError")
InterfaceError = _get_errors("InterfaceError")
DataError = _get_errors("DataError")
IntegrityError = _get_errors("IntegrityError")


def open_unbuffered_cursor(connection: Any) -> Any:
	"""Return a cursor that reads a result row by row from the server, for a connection of either driver."""
	package = type(connection).__module__.split(".")[0]
	return connection.cursor(
		next(driver.unbuffered_cursor for driver in _DRIVERS if driver.package == package)
	)


def get_list(doctype: str, *args: Any, **kwargs: Any) -> Any:
	"""Return what frappe.get_list of Frappe 15 returns, with the permissions of the caller.

	Frappe 16 moved frappe.get_list to another query builder, which refuses SQL functions in `fields` and
	aliases in `group_by` and `order_by`. It still has the query class of Frappe 15, with the same
	permissions.
	"""
	return DatabaseQuery(doctype).execute(*args, **kwargs)


def get_all(doctype: str, *args: Any, **kwargs: Any) -> Any:
	"""Return what frappe.get_all of Frappe 15 returns: as `get_list`, without permissions and without a limit."""
	kwargs.setdefault("limit_page_length", 0)
	return get_list(doctype, *args, **{**kwargs, "ignore_permissions": True})


def get_enabled_webhooks() -> dict[str, Any]:
	"""Return the enabled webhooks by DocType, as Frappe has them in its cache when it looks for those of an event."""
	if FRAPPE_MAJOR < 16:
		return frappe.cache().get_value("webhooks", get_all_webhooks)
	return frappe.client_cache.get_value("webhooks", generator=get_all_webhooks)


def keep_bytes_on_disk(file: Any) -> None:
	"""Insert a new File over bytes that lie on the disk already, without reading or writing them.

	Frappe 15.105 does so for a file with the flag `copy_from_existing_file`. Frappe 16.9 has no such flag: it
	decodes the content as text, writes it again, and uses the result as the content of any other File with
	the same hash.
	"""
	file.flags.copy_from_existing_file = True
	if FRAPPE_MAJOR >= 16:
		file.get_content = bytes
		file.save_file = _do_nothing


def _do_nothing(**_arguments: Any) -> None:
	return None


def get_lead_source_field() -> str:
	"""Return the field of Lead with its source: ERPNext 16 renamed it."""
	return "source" if frappe.get_meta("Lead").has_field("source") else "utm_source"


def get_lead_source_doctype() -> str:
	"""Return the DocType that `get_lead_source_field` links to."""
	return str(frappe.get_meta("Lead").get_field(get_lead_source_field()).options)


class _LazyTable:
	"""A child table of a record that is loaded when something asks for it. Without `__set__`: the rows replace it."""

	def __init__(self, fieldname: str) -> None:
		self.fieldname = fieldname

	def __get__(self, doc: Any, owner: type | None = None) -> Any:
		if doc is None:
			return self
		rows = frappe.db.get_values(
			doc.get_table_field_doctype(self.fieldname),
			{"parent": str(doc.name), "parenttype": doc.doctype, "parentfield": self.fieldname},
			"*",
			as_dict=True,
			order_by="idx asc",
		)
		doc.__dict__[self.fieldname] = []
		doc.extend(self.fieldname, rows or [])
		return doc.__dict__[self.fieldname]


class _LazyDocument:
	"""Mixin that does on Frappe 15 what LazyDocument does on Frappe 16."""

	def _get_table_fields(self: Any) -> Any:
		# Frappe sets this flag while it fills the record itself, and afterwards loads the rows of what this returns.
		return super()._get_table_fields() if self.flags.get("ignore_children") else ()  # type: ignore[misc]

	def get(self: Any, key: Any, *arguments: Any, **options: Any) -> Any:
		if isinstance(key, str) and key in self._table_fieldnames:
			getattr(self, key)
		return super().get(key, *arguments, **options)  # type: ignore[misc]


@functools.lru_cache(maxsize=512)
def _build_lazy_controller(controller: type, tables: tuple[str, ...]) -> type:
	attributes = {fieldname: _LazyTable(fieldname) for fieldname in tables}
	return type(f"Lazy{controller.__name__}", (_LazyDocument, controller), attributes)


def get_lazy_doc(doctype: str, name: str | int) -> Document:
	"""Return a record, to look at and not to save, whose child tables are loaded when something asks for them."""
	if FRAPPE_MAJOR >= 16:
		return frappe.get_lazy_doc(doctype, name)
	tables = tuple(field.fieldname for field in frappe.get_meta(doctype).get_table_fields())
	return _build_lazy_controller(base_document.get_controller(doctype), tables)(doctype, name)


MAX_DESCRIPTIONS = 2000
_descriptions: dict[tuple[str, bytes], Any] = {}


def describe_metas(doctypes: Iterable[str], describe: Callable[[Meta], T]) -> list[T]:
	"""Return what `describe` makes of the meta of each DocType; it must depend on nothing else.

	Frappe 15 unpickles metas in each request, which takes milliseconds for a DocType of a hundred fields. A description is
	kept in the process and used again while Frappe's cache holds the same bytes. Frappe 16 keeps metas in the process.
	"""
	names = list(doctypes)
	if FRAPPE_MAJOR >= 16 or not names:
		return [describe(frappe.get_meta(name)) for name in names]
	cached: list[bytes | None] = [None] * len(names)
	with contextlib.suppress(redis.exceptions.ConnectionError):  # as Frappe does
		cached = frappe.cache.hmget(frappe.cache.make_key("doctype_meta"), names)
	return [_describe_meta(name, content, describe) for name, content in zip(names, cached, strict=True)]


def _describe_meta(doctype: str, content: bytes | None, describe: Callable[[Meta], T]) -> T:
	if content is None:
		return describe(frappe.get_meta(doctype))
	key = (f"{describe.__module__}.{describe.__qualname__}", hashlib.sha256(content).digest())
	description = _descriptions.get(key)
	if description is None:
		description = describe(pickle.loads(content))  # noqa: S301  # as Frappe does with its own cache
		if len(_descriptions) >= MAX_DESCRIPTIONS:
			_descriptions.clear()
		_descriptions[key] = description
	return description
