"""Rules that metrics and dashboards share: names that the API accepts, and records that come with the app."""

import re
from typing import TYPE_CHECKING

import frappe
from frappe import _

from orchestrator.doctypes import DASHBOARD
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from frappe.model.document import Document

NAME = re.compile(r"[a-z][a-z0-9_]*")


def check_name(name: str | None) -> None:
	if not NAME.fullmatch(name or ""):
		refuse(
			_("{0} is not a valid name for the API. Use lowercase letters, digits and underscores.").format(
				name
			),
			frappe.ValidationError,
		)


def check_deletion(doc: "Document") -> None:
	"""Refuse to delete a shipped record: the next update would create it again."""
	if doc.shipped and not frappe.flags.in_uninstall:
		refuse(
			_("{0} comes with the app and would be created again by its next update. {1}").format(
				doc.name,
				_("Disable it instead.")
				if doc.doctype == DASHBOARD
				else _("Remove it from the dashboards instead."),
			),
			frappe.ValidationError,
		)
