"""Reply to a request whose database connection was lost: 503 with a message, logged over a new connection."""

from typing import Final

import frappe
from frappe import _

from orchestrator import compat

# Codes of both drivers: server gone away, connection lost; 0 is an interface error on a closed connection.
LOST_CODES: Final = frozenset({0, 2006, 2013, 2055})


class DatabaseUnavailableError(frappe.ValidationError):
	"""The database did not answer, or ended the connection. Nothing was written. 503."""


def translate_lost_connection(error: Exception) -> Exception:
	"""Return the error to raise: for a lost connection, an error that says so, after reconnecting; otherwise
	the error itself.

	Frappe would read its settings for the reply on the lost connection, fail again, and leave the reply to
	the web server.
	"""
	if not _is_lost(error):
		return error
	try:
		frappe.db.close()
		frappe.db.connect()
	except compat.DatabaseError:
		frappe.local.db = None  # Frappe's error handling works without a connection
	return DatabaseUnavailableError(_("The database connection was lost. Nothing was saved; try again."))


def _is_lost(error: Exception) -> bool:
	"""Return True for the driver's errors that end a connection."""
	if not isinstance(error, (*compat.OperationalError, *compat.InterfaceError)):
		return False
	return bool(error.args) and error.args[0] in LOST_CODES
