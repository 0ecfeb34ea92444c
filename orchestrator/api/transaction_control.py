"""Work whose transaction the caller alone may end."""

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn

import frappe
from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

FLAG = "orchestrator_transaction_kept"


@contextlib.contextmanager
def refuse_transaction_control() -> Iterator[None]:
	"""Refuse whatever within the block commits, or rolls back more than to a savepoint.

	Changes to tables commit as well: Frappe itself commits ahead of each.
	"""
	database = frappe.local.db
	if is_transaction_kept():
		_refuse_step()
	rollback = database.rollback

	def roll_back_to_savepoint(*, save_point: str | None = None, **_options: Any) -> None:
		if not save_point:
			_refuse_step()
		rollback(save_point=save_point)

	database.commit, database.rollback = _refuse_step, roll_back_to_savepoint
	setattr(frappe.local, FLAG, True)
	try:
		yield
	finally:
		del database.commit, database.rollback
		setattr(frappe.local, FLAG, False)


def is_transaction_kept() -> bool:
	"""Return True within the block."""
	return bool(getattr(frappe.local, FLAG, False))


def _refuse_step(*_args: Any, **_options: Any) -> NoReturn:
	refuse(
		_("This call saves its work by itself, so it cannot be a step of a batch. Send it on its own."),
		InvalidRequestError,
	)
