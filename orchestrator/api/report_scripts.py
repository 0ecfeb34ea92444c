"""The filters of a script report, read from its JavaScript for Desk. Most reports declare them nowhere else."""

import inspect
import re
from pathlib import Path

import frappe
from frappe.core.doctype.report.report import Report, get_report_module_dotted_path
from frappe.desk import query_report

FILTER_PATTERN = re.compile(r"""\bfieldname["']?\s*:\s*["'](\w+)["']""")
WORD_PATTERN = re.compile(r"\w+")
# Scripts that add filters defined elsewhere; Accounting Dimensions are filters, too.
DYNAMIC_PATTERN = re.compile(
	r"\.extend\(|\.assign\(|\.concat\(|\.push\(|add_\w*dimensions|\.\.\.|%\s*include"
)


def parse_declared_filters(report: Report) -> list[str]:
	"""Return the filters in the order of the script, none if it cannot be parsed reliably."""
	if report.report_type != "Script Report":
		return []
	script = query_report.get_script(report.name)["script"] or ""
	return [] if DYNAMIC_PATTERN.search(script) else list(dict.fromkeys(FILTER_PATTERN.findall(script)))


def find_unknown_filters(report: Report, names: list[str], declared: list[str]) -> list[str]:
	"""Return those of `names` that neither the script declares nor the report's code mentions."""
	unknown = [name for name in names if name not in declared]
	if unknown and declared:
		spoken = set(WORD_PATTERN.findall(_get_code(report)))
		return [name for name in unknown if name not in spoken]
	return []


def _get_code(report: Report) -> str:
	"""Return the Python of a report."""
	if report.is_standard != "Yes":
		return report.report_script or ""
	module = frappe.get_module(get_report_module_dotted_path(report.module, report.name))
	return Path(inspect.getfile(module)).read_text()
