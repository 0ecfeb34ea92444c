"""Verification of the access log: the whole chain is computed again, from the first archive to the last entry."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import frappe
from frappe import _

from orchestrator.doctypes import ACCESS_LOG_DAY
from orchestrator.privacy.chain import GENESIS_HASH, compute_hash, parse_canonical
from orchestrator.privacy.days import (
	archive_old_days,
	close_days,
	compute_file_digest,
	get_archive_path,
	iterate_archive,
	iterate_entries,
	list_days,
	sign_day,
)
from orchestrator.privacy.shapes import BrokenLink, VerificationReport

OFFICER_ROLE: Final = "Privacy Officer"


class BrokenChainError(Exception):
	"""Ends the verification at the first broken link."""

	def __init__(self, entry: int, day: str | None, problem: str) -> None:
		super().__init__(problem)
		self.link: BrokenLink = {"entry": entry, "day": day, "problem": problem}


@dataclass
class _Chain:
	"""The part of the chain that has been verified."""

	number: int = 0
	digest: str = GENESIS_HASH

	def follow(self, canonical: str, digest: str, number: int, day: str) -> None:
		"""Verify the next entry.

		Raises:
			BrokenChainError: it is missing, or not as it was written.
		"""
		if number != self.number + 1:
			raise BrokenChainError(self.number + 1, day, "The entry is missing.")
		if not hmac.compare_digest(compute_hash(self.digest, canonical), digest):
			raise BrokenChainError(number, day, "The entry or its hash has been changed.")
		self.number, self.digest = number, digest


def verify_log() -> VerificationReport:
	"""Verify every entry, in the archives and in the database. Return the first broken link, if any."""
	chain, days = _Chain(), list_days()
	broken: BrokenLink | None = None
	try:
		_verify_days(chain, days)
	except BrokenChainError as error:
		broken = error.link
	return {
		"entries": chain.number,
		"days": len(days),
		"archived_days": sum(bool(day.archive) for day in days),
		"last_hash": chain.digest,
		"broken_link": broken,
	}


def _verify_days(chain: _Chain, days: list[Any]) -> None:
	"""Verify the archives, then the entries in the database, and each closed day at its end."""
	open_days: list[Any] = []
	for day in days:
		_verify_signature(day)
		if day.archive and not open_days:
			_verify_archive(chain, day)
			_verify_end(chain, day)
		else:
			open_days.append(day)
	_verify_stored(chain, open_days)


def _verify_stored(chain: _Chain, days: list[Any]) -> None:
	pending = iter(days)
	day = next(pending, None)
	for entry, digest in iterate_entries(chain.number + 1):
		while day and entry.name > day.last_entry:
			_verify_end(chain, day)
			day = next(pending, None)
		chain.follow(entry.to_canonical(), digest, entry.name, str(entry.day))
	while day:
		_verify_end(chain, day)
		day = next(pending, None)


def _verify_signature(day: Any) -> None:
	if not hmac.compare_digest(sign_day(day), str(day.signature)):
		raise BrokenChainError(day.first_entry, str(day.day), "The record of the day has been changed.")


def _verify_archive(chain: _Chain, day: Any) -> None:
	path = get_archive_path(day.archive)
	if not path.is_file():
		raise BrokenChainError(day.first_entry, str(day.day), "The archive is missing.")
	for canonical, digest in _read_archive(path, day):
		values = parse_canonical(canonical)
		chain.follow(canonical, digest, values[0], str(day.day))
	if compute_file_digest(path) != day.archive_digest:
		raise BrokenChainError(day.last_entry, str(day.day), "The archive has been changed.")


def _read_archive(path: Any, day: Any) -> Iterator[tuple[str, str]]:
	try:
		yield from iterate_archive(path)
	except (OSError, EOFError, ValueError, json.JSONDecodeError):
		raise BrokenChainError(day.first_entry, str(day.day), "The archive cannot be read.") from None


def _verify_end(chain: _Chain, day: Any) -> None:
	"""Verify that a closed day ends where it ended when it was closed."""
	if chain.number < day.last_entry:
		raise BrokenChainError(chain.number + 1, str(day.day), "The entry is missing.")
	if chain.digest != day.closing_hash:
		raise BrokenChainError(day.last_entry, str(day.day), "The day does not end with its closing hash.")


def verify_nightly() -> None:
	"""Run nightly: close the days that are over, verify the log, archive old days, and tell of a broken link."""
	close_days()
	report = verify_log()
	if report["broken_link"]:
		_report_broken_link(report["broken_link"])
	else:
		archive_old_days()


def _report_broken_link(link: BrokenLink) -> None:
	"""Log the broken link, and notify each privacy officer."""
	subject = _("The access log is broken at entry {0} of {1}: {2}").format(
		link["entry"], link["day"] or "?", link["problem"]
	)
	frappe.log_error(title="Access log: broken link", message=subject)
	for user in list_privacy_officers():
		notification = frappe.new_doc("Notification Log")
		notification.update(
			{"subject": subject, "for_user": user, "type": "Alert", "document_type": ACCESS_LOG_DAY}
		)
		notification.insert(ignore_permissions=True)
	frappe.db.commit()


def list_privacy_officers() -> list[str]:
	"""Return the enabled users with the role Privacy Officer."""
	users = frappe.get_all("Has Role", {"role": OFFICER_ROLE, "parenttype": "User"}, pluck="parent")
	return frappe.get_all("User", {"name": ("in", users), "enabled": 1}, pluck="name") if users else []
