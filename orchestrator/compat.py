"""What differs between Frappe 15 and Frappe 16, as named facts: the only module that asks which one runs.

A difference that belongs to ERPNext, HRMS, Helpdesk or Gameplan is asked of the site (a field, a naming rule, a function),
because those apps are not bound to Frappe's major version.
"""

from typing import Any, NamedTuple

import pymysql
import pymysql.cursors

import frappe
from frappe.desk import search
from frappe.integrations.doctype.webhook import get_all_webhooks
from frappe.model import base_document
from frappe.model.base_document import BaseDocument
from frappe.model.db_query import DatabaseQuery

FRAPPE_MAJOR = int(frappe.__version__.split(".")[0])

# What a has_permission hook returns where it has nothing against the access. Frappe 16 asks every hook and takes None for
# a refusal. Frappe 15 stops at the first hook that returns anything, so that True there would keep the hooks of other
# apps, and Frappe's own for files, from being asked.
NO_OPINION: bool | None = None if FRAPPE_MAJOR < 16 else True

# Frappe 16 makes its lists by the query builder, which checks permissions there. Frappe 15 makes them by DatabaseQuery.
QUERY_BUILDER_CHECKS_PERMISSIONS = FRAPPE_MAJOR >= 16

# Frappe 16 lets a search ignore user permissions where the link field that it names has that property.
SEARCH_CHECKS_LINK_FIELD = hasattr(search, "validate_ignore_user_permissions")


# Frappe 16 reads a File as text in one of several encodings, in old code pages as well
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
# Of apps whose versions are not bound to Frappe's: some have them, and let requests call them, others do not
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


# SQL for a number as text, in the collation of Frappe's tables: mysqlclient leaves a connection with the server's default
# one, with which it could not be compared with a column or stand in a UNION with one
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


# For `except` and `isinstance`: the errors of whichever driver this site connects by
DatabaseError = _get_errors("MySQLError")  # the root of the others, of interface errors as well
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

	Frappe 16 moved frappe.get_list to another query builder, which refuses SQL functions in `fields` and aliases in
	`group_by` and `order_by`. It still has the class that Frappe 15 builds its queries by, with the same permissions.
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

	Frappe 15.105 does so for a file with the flag `copy_from_existing_file`. Frappe 16.9 lacks it: it decodes the bytes as
	text, writes them anew, and takes what it wrote for the content of any other File with the same hash.
	"""
	file.flags.copy_from_existing_file = True
	if FRAPPE_MAJOR >= 16:
		file.get_content = bytes
		file.save_file = _do_nothing


def _do_nothing(**_arguments: Any) -> None:
	return None


def get_lead_source_field() -> str:
	"""Return the field of Lead that says where a lead came from: ERPNext 16 renamed it."""
	return "source" if frappe.get_meta("Lead").has_field("source") else "utm_source"


def get_lead_source_doctype() -> str:
	"""Return the DocType that `get_lead_source_field` links to."""
	return str(frappe.get_meta("Lead").get_field(get_lead_source_field()).options)
