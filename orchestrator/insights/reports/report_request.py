"""Parse and validate a call of generate_report: the report, its format, its recipients."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import frappe
from frappe import _
from frappe.core.doctype.report.report import Report

from orchestrator.api import reports
from orchestrator.api.parameters import parse_json
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.insights.reports import report_mail

FORMATS = ("pdf", "xlsx", "csv", "json", "html")


@dataclass(frozen=True)
class ReportRequest:
	"""The report to generate. `filters` are in the report's form, `recipients` are the users to whom it is
	mailed, `lang` is the caller's language.
	"""

	report_name: str
	format: str
	filters: Any
	recipients: list[str]
	lang: str

	def to_json(self) -> str:
		"""Serialize the request for a job."""
		return json.dumps(asdict(self), default=str)

	@classmethod
	def from_json(cls, text: str) -> "ReportRequest":
		"""Parse a serialized request."""
		return cls(**json.loads(text))


def _parse_format(format_: str) -> str:
	"""Return the format by its name. 400 for an unknown one."""
	name = format_.strip().lower()
	if name not in FORMATS:
		refuse(
			_("There is no format {0}. The formats are: {1}.").format(format_, ", ".join(FORMATS)),
			InvalidRequestError,
		)
	return name


def _parse_filters(report: Report, filters: Any) -> Any:
	"""Return the filters in the report's form. 400 for an unknown one, as far as the report declares its
	filters.
	"""
	if report.report_type == reports.REPORT_BUILDER:
		return reports.parse_filters(frappe.get_meta(report.ref_doctype), "filters", filters)
	return reports.parse_conditions(report, filters)


def _parse_recipients(value: Any, send_mail: bool) -> list[str]:
	"""Return the users named, by name or address; the caller if a mail is requested without recipients. 400
	for anything else.
	"""
	named = (
		parse_json("recipients", value) if isinstance(value, str) and value.strip().startswith("[") else value
	)
	if isinstance(named, str):
		named = [part.strip() for part in named.split(",") if part.strip()]
	if not isinstance(named or [], list) or not all(isinstance(name, str) and name for name in named or []):
		refuse(_("recipients must be a list of users."), InvalidRequestError)
	if named and not send_mail:
		refuse(_("recipients can be sent only with send_mail."), InvalidRequestError)
	if not send_mail:
		return []
	return list(dict.fromkeys(named or [frappe.session.user]))


def parse_report_request(  # the parameters of the endpoint
	report_name: str, report: Report, format_: str, filters: Any, recipients: Any, send_mail: bool
) -> ReportRequest:
	"""Return the call, validated before anything is done."""
	named = _parse_recipients(recipients, send_mail)
	return ReportRequest(
		report_name=report_name,
		format=_parse_format(format_),
		filters=_parse_filters(report, filters),
		recipients=report_mail.check_recipients(report_name, report, named),
		lang=frappe.local.lang,
	)
