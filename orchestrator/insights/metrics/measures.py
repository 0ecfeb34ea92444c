"""Measures that apps register by the hook `orchestrator_measures`: names and functions."""

import inspect
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.exceptions import MissingDataError, refuse
from orchestrator.insights.metrics.dashboard_filters import FILTERS
from orchestrator.measure_queries import Figure, Number, Series, Table

if TYPE_CHECKING:
	from orchestrator.insights.metrics.metrics import Metric

HOOK = "orchestrator_measures"
KIND_BY_TYPE = {Number: "number", Series: "series", Table: "table"}


def compute_measure(metric: "Metric") -> Figure:
	"""Return the value of a measure, as the user of the session."""
	return _get_function(metric.source)(**metric.dashboard_filters.get_arguments())


def list_registered() -> dict[str, str]:
	"""Return each measure's name and the path of its function. If two apps use a name, the later app's."""
	hooks: dict[str, list[str]] = frappe.get_hooks(HOOK, default={})
	return {name: paths[-1] for name, paths in hooks.items()}


def list_filters(metric: "Metric") -> frozenset[str]:
	"""Return the filters of a dashboard that a measure applies: its parameters."""
	path = list_registered().get(metric.source)
	if not path:
		return frozenset()
	try:
		parameters = inspect.signature(frappe.get_attr(path)).parameters
	except Exception:  # an error there concerns one item, not the whole dashboard
		return frozenset()
	return frozenset(parameters).intersection(FILTERS)


def _get_function(name: str) -> Callable[..., Figure]:
	"""Return the function of a measure. Raises MissingDataError if no installed app registers it."""
	path = list_registered().get(name)
	if not path:
		refuse(
			_("No app of this site has a measure {0}. Choose another one for this metric.").format(name),
			MissingDataError,
		)
	return frappe.get_attr(path)


def get_measure_kind(name: str) -> str | None:
	"""Return number, series or table, by the annotation of the function; None if there is no such measure or its
	app is broken.
	"""
	path = list_registered().get(name)
	if not path:
		return None
	try:
		hints = typing.get_type_hints(frappe.get_attr(path))
	except Exception:  # an error there concerns one item, not the whole dashboard
		return None
	return KIND_BY_TYPE.get(hints.get("return"))  # type: ignore[arg-type]
