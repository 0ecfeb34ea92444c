"""The value of a Number Card, by Frappe's own function, with the permissions of the session's user."""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _
from frappe.desk.doctype.number_card import number_card
from frappe.desk.doctype.number_card.number_card import NumberCard

from orchestrator.exceptions import MissingDataError, refuse
from orchestrator.insights.metrics import dynamic_filters, record_filters, report_figures
from orchestrator.insights.metrics.metrics import CARD, Metric
from orchestrator.measure_permissions import check_readable
from orchestrator.measure_queries import Number, Records, to_number


def compute_card(metric: Metric) -> Number:
	"""Return the card's number and, with its percentage statistics, that of the previous period, as Desk
	shows them.
	"""
	card = frappe.get_doc(CARD, metric.source)
	if card.type == "Document Type":
		check_readable(card.document_type)
	card.check_permission("read")
	filters = dynamic_filters.merge_filters(card.filters_json, card.dynamic_filters_json)
	if facility := metric.dashboard_filters.facility:
		filters = [*filters, record_filters.build_facility_filter(card.document_type, facility)]
	if card.type == "Report":
		return Number(_compute_from_report(card, filters))
	if card.type == "Custom":
		return _compute_from_method(card, filters)
	return _compute_from_records(card, filters)


def list_filters(metric: Metric) -> frozenset[str]:
	"""Return the filters of a dashboard that a card applies."""
	card = _get_card_or_none(metric.source)
	if not card or card.type != "Document Type":
		return frozenset()
	return record_filters.list_filters(card.document_type)


def _get_card_or_none(name: str) -> NumberCard | None:
	return frappe.get_cached_doc(CARD, name) if frappe.db.exists(CARD, name, cache=True) else None


def _compute_from_records(card: NumberCard, filters: list[Any]) -> Number:
	value = number_card.get_result(card, list(filters))
	previous = (
		number_card.calculate_previous_result(card, list(filters)) if card.show_percentage_stats else None
	)
	return Number(
		to_number(value),
		None if previous is None else to_number(previous),
		None if card.function == "Count" else card.currency or None,
		_build_records(card, filters),
	)


def _build_records(card: NumberCard, filters: list[Any]) -> tuple[Records, ...]:
	"""Return the records that a card counts; none of a child table, which has no list, nor with a filter on another
	DocType.
	"""
	if frappe.get_meta(card.document_type).istable or any(row[0] != card.document_type for row in filters):
		return ()
	return (Records(card.document_type, [list(row[1:4]) for row in filters]),)


def _compute_from_report(card: NumberCard, filters: dict[str, Any]) -> float | None:
	result = report_figures.run_report(card.report_name, filters or {})
	return report_figures.aggregate(result, card.report_name, card.report_function, card.report_field)


def _compute_from_method(card: NumberCard, filters: Any) -> Number:
	"""Return the result of a custom card's method."""
	result = frappe.call(_get_card_method(card), filters=filters)
	value = result.get("value", result) if isinstance(result, dict) else result
	if value is not None and not report_figures.is_number(value):
		refuse(_("The method of card {0} does not return a number.").format(card.name), MissingDataError)
	return Number(None if value is None else to_number(value))


def _get_card_method(card: NumberCard) -> Callable[..., Any]:
	"""Return the method of a custom card.

	A card names it and runs it as its reader, so it must be in the hook `orchestrator_card_methods` of some
	app, and the reader must be allowed to call it with GET.

	Raises:
		MissingDataError: The method is not registered for cards, or answers no GET (422).
		PermissionError: The reader may not call it (403).
	"""
	if card.method not in frappe.get_hooks("orchestrator_card_methods"):
		refuse(_("The method {0} is not registered for cards.").format(card.method), MissingDataError)
	method = frappe.get_attr(card.method)
	frappe.is_whitelisted(method)
	if "GET" not in frappe.allowed_http_methods_for_whitelisted_func[method]:
		refuse(_("The method {0} does not only read.").format(card.method), MissingDataError)
	return method
