"""Single calls of Kipu whose result a caller waits for."""

from collections.abc import Callable

import frappe

from orchestrator.exceptions import refuse
from orchestrator.sync import connection as connections
from orchestrator.sync.errors import SyncError
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.pages import RawRecord


def fetch_records(connection: str, read: Callable[[KipuClient], list[RawRecord]]) -> list[RawRecord]:
	"""Return what `read` gets from a connection's Kipu. Refuse (422) with the reason if the call fails."""
	client, session = connections.open_client(connection, caller_waits=True)
	records: list[RawRecord] = []
	trouble = ""
	try:
		records = read(client)
	except SyncError as error:
		trouble = str(error)
	finally:
		session.close()
	if trouble:
		refuse(trouble, frappe.ValidationError)
	return records
