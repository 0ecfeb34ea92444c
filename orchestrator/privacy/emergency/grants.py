"""What emergency access gives: a client and its stays, as if they were shared with the user for reading.

Frappe asks for shared records both for a single record and for a list, after user permissions. So the replacement of that
one function works on every route. It asks the database each time, by the database's own clock.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import frappe
import frappe.share
from frappe.api import v1, v2

from orchestrator.access import ended_access, platform_patches
from orchestrator.access.disclosures import Disclosed, Receiver
from orchestrator.api import route
from orchestrator.doctypes import CLIENT, CLIENT_STAY, EMERGENCY_ACCESS
from orchestrator.privacy import batches
from orchestrator.privacy.emergency.eligibility import has_clinical_role, is_browser_session, is_enabled

MARK: Final = "orchestrator_emergency"
# On frappe.local: the records that this request was given
LOCAL_NAME: Final = "orchestrator_emergency_records"
# HL7's code for "break the glass". Callers cannot send it: see purposes.py.
PURPOSE: Final = "BTG"
# What shows a record or a list. Exports, prints, mails, shares, assignments, comments and changes are not here, and get nothing.
READING_METHODS: Final = frozenset(
	{
		"frappe.client.get",
		"frappe.client.get_count",
		"frappe.client.get_list",
		"frappe.client.get_value",
		"frappe.desk.form.load.get_docinfo",
		"frappe.desk.form.load.getdoc",
		"frappe.desk.notifications.get_open_count",
		"frappe.desk.reportview.get",
		"frappe.desk.reportview.get_count",
		"frappe.desk.reportview.get_list",
		"frappe.desk.search.get_link_title",
		"orchestrator.sync.get_client",
	}
)
READING_ROUTES: Final = frozenset({v1.document_list, v1.read_doc, v2.document_list, v2.read_doc, v2.count})
# The clients that a user has ever opened, and whether they are open now
OPENED: Final = f"""select access.client name, max(access.expires_at > utc_timestamp(6)) is_open
	from `tab{EMERGENCY_ACCESS}` access
	join `tabUser` user on user.name = access.user and user.enabled = 1
	where access.user = %(user)s group by access.client"""  # noqa: S608  # names of ours
SQL_BY_DOCTYPE: Final = {
	CLIENT: OPENED,
	CLIENT_STAY: f"""select stay.name, opened.is_open
		from `tab{CLIENT_STAY}` stay join ({OPENED}) opened on opened.name = stay.client""",  # noqa: S608  # names of ours
}


def begin() -> None:
	"""Handle the beginning of a request: forget the records of the one before, and install the replacement once."""
	setattr(frappe.local, LOCAL_NAME, set())
	if is_enabled():
		platform_patches.install(REPLACEMENTS, applies, MARK)


def applies() -> bool:
	"""Return True in a request to which emergency access gives records."""
	return is_enabled() and is_browser_session() and _is_reading() and has_clinical_role()


def write_batches(records: Disclosed, purpose: str) -> None:
	"""Write records to the access log, those given by emergency access under a purpose of their own."""
	given: set[tuple[str, str]] = getattr(frappe.local, LOCAL_NAME, set())
	if not given:
		batches.write_batches(records, purpose)
		return
	caller = Receiver(frappe.session.user)
	for in_emergency, code in ((False, purpose), (True, PURPOSE)):
		chosen = {
			(receiver, doctype): kept
			for (receiver, doctype), names in records.items()
			if (
				kept := {
					name: None
					for name in names
					if (receiver == caller and (doctype, name) in given) == in_emergency
				}
			)
		}
		if chosen:
			batches.write_batches(chosen, code)


def get_expiry(doctype: str, name: str) -> datetime | None:
	"""Return until when, in UTC, the session's user reads a client or a stay in emergency alone, None where they do not."""
	if doctype not in SQL_BY_DOCTYPE or (doctype, name) not in getattr(frappe.local, LOCAL_NAME, set()):
		return None
	client = name if doctype == CLIENT else frappe.db.get_value(CLIENT_STAY, name, "client")
	return frappe.db.sql(
		f"select max(expires_at) from `tab{EMERGENCY_ACCESS}` where user = %s and client = %s",  # noqa: S608  # name of ours
		(frappe.session.user, client),
	)[0][0]


def _is_reading() -> bool:
	request = frappe.local.request
	if method := route.get_requested_method(request):
		return method in READING_METHODS
	return request.method == "GET" and route.find_route(request).endpoint in READING_ROUTES


def _get_shared(
	native: Any,
	doctype: str,
	user: str | None = None,
	rights: Any = None,
	*,
	filters: Any = None,
	limit: int | None = None,
) -> list[str]:
	"""Return the records shared with a user, with those that the caller may read in emergency."""
	shared = list(native(doctype, user, rights, filters=filters, limit=limit))
	if (user and user != frappe.session.user) or set(rights or ["read"]) != {"read"}:
		return shared
	granted = [name for name in _list_granted(doctype, filters) if name not in shared]
	getattr(frappe.local, LOCAL_NAME).update((doctype, name) for name in granted)
	return (shared + granted)[:limit]


def _list_granted(doctype: str, filters: Any) -> list[str]:
	"""Return the records of a DocType that the caller may read in emergency now, of those that the filters name."""
	sql = SQL_BY_DOCTYPE.get(doctype)
	if sql is None:
		return []
	granted = []
	for name, is_open in frappe.db.sql(sql, {"user": frappe.session.user}):
		if not _matches(str(name), filters or []):
			continue
		if is_open:
			granted.append(str(name))
		elif filters:
			ended_access.note_ended(doctype, str(name))
	return granted


def _matches(name: str, filters: Iterable[Any]) -> bool:
	"""Return True for a record that the filters name. Frappe filters by the name alone; anything else matches nothing."""
	return all(list(each) == ["share_name", "=", name] for each in filters)


REPLACEMENTS: Final = ((frappe.share, "get_shared", _get_shared),)
