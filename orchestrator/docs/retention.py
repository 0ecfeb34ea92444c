"""Retention periods and legal holds: what must not be deleted or moved."""

from datetime import datetime
from typing import TYPE_CHECKING

import frappe
from frappe import _
from frappe.utils import add_days, get_datetime

from orchestrator import clock
from orchestrator.docs import folders
from orchestrator.docs.errors import RetentionConflictError
from orchestrator.docs.folders import FolderRules
from orchestrator.doctypes import DOCUMENT_VERSION
from orchestrator.exceptions import refuse

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.document.document import Document


def compute_retention_end(latest: datetime, retention_days: int) -> datetime:
	"""Return the time from which a document may be deleted."""
	return add_days(latest, retention_days)


def _get_latest_change(document: "Document") -> datetime:
	"""Return the creation time of the latest version, or of the document if it has none."""
	made = frappe.db.get_value(
		DOCUMENT_VERSION, {"document": document.name, "number": document.current_version}, "creation"
	)
	return get_datetime(made or document.creation)


def check_deletion(document: "Document") -> None:
	"""Refuse (409) under a legal hold, and during the retention period."""
	rules = folders.compute_rules(document.document_folder)
	if rules.legal_hold:
		refuse(
			_(
				"{0} is under legal hold and cannot be deleted. Someone who manages its folder can lift the hold."
			).format(document.name),
			RetentionConflictError,
		)
	until = compute_retention_end(_get_latest_change(document), rules.retention_days)
	if rules.retention_days and until > clock.get_now():
		refuse(
			_("{0} must be kept until {1} and cannot be deleted before then.").format(document.name, until),
			RetentionConflictError,
		)


def check_move(document: "Document", source: str, target: str) -> None:
	"""Refuse (409) a move out of a legal hold, or to a shorter retention during the present one."""
	old_rules, new_rules = folders.compute_rules(source), folders.compute_rules(target)
	if refusal := find_loosened_rule(
		old_rules, new_rules, compute_retention_end(_get_latest_change(document), old_rules.retention_days)
	):
		refuse(f"{document.name}: {refusal}", RetentionConflictError)


def find_loosened_rule(old: FolderRules, new: FolderRules, until: datetime) -> str | None:
	"""Return the reason why something may not move from the first rules to the second, None if it may."""
	if old.legal_hold and not new.legal_hold:
		return _("Documents under legal hold can be moved only to a folder that is also under legal hold.")
	if new.retention_days < old.retention_days and until > clock.get_now():
		return _(
			"Documents that must be kept until {0} can be moved only to a folder that keeps them at least as long."
		).format(until)
	return None
