"""Let parallel requests and jobs wait for each other's locks on every version of MariaDB: see docs/decisions/0042."""

import frappe
from frappe.utils.caching import site_cache

# Time for which a process caches the server's answer: an administrator may change the variable while it runs.
SERVER_SETTING_SECONDS = 600


def read_committed_rows_under_lock() -> None:
	"""Handle the hook before_request and before_job, the first of each, and the start of commands: make
	locking reads of this connection return the row as it was last committed.

	Frappe and this app decide under a lock by what they read there. From MariaDB 11.6.2 on, such a read fails with
	"Record has changed since last read" if the row was committed after the transaction's first read, however careful
	the transaction is. Servers that are not set so are not asked anything.
	"""
	if has_snapshot_isolation():
		frappe.db.sql("SET SESSION innodb_snapshot_isolation = OFF")


@site_cache(ttl=SERVER_SETTING_SECONDS)
def has_snapshot_isolation() -> bool:
	"""Return True if the server starts connections with snapshot isolation. MariaDB before 10.6.18 does not
	support it.
	"""
	rows = frappe.db.sql("SHOW GLOBAL VARIABLES LIKE 'innodb_snapshot_isolation'")
	return bool(rows) and rows[0][1] == "ON"
