"""The change feed of the API reference: what a caller has to do to keep a copy of the records that they may read.

See docs/decisions/0044.
"""

import frappe
from frappe import _lt

from orchestrator.api import lists
from orchestrator.api.changes import pages
from orchestrator.api.changes.shapes import Changes
from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.records import get_meta
from orchestrator.api.replay_permissions import record_list, record_listed
from orchestrator.api.schema_types import PageLength


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Changes fetched"), effect=READ)
def get_changes(
	doctype: str,
	token: str | None = None,
	fields: str | list | None = None,
	limit_page_length: PageLength = None,
) -> Changes:
	"""Return the records that were created, changed, renamed or deleted since the last call.

	Records that the caller may not read any more are given as well. Without a token, all records come first, page by page.
	Whoever applies the changes in their order has a copy of the records that they may read. With the token `latest`, only
	what happens after the reply is given by the calls that follow.

	Args:
		doctype: DocType of the records.
		token: Token of the last reply, or `latest` for a token of this moment. Default: start with all records.
		fields: Fields of each record, as a list: fields, `*`, `field as label`. They must be the same in each call of a copy. Default: ["name"].
		limit_page_length: Number of changes on a page. Default: 20.

	Returns:
		The changes, the token for the next call, and whether there are more already.

	Permissions:
		Whoever may read the DocType. Only records that the caller may read are returned, and only names that the caller
		has got before.

	Raises:
		PermissionError: 403. The caller may not read the DocType.
		DoesNotExistError: 404. There is no such DocType.
		InvalidRequestError: 400. A field does not exist, the DocType has no records of its own, or the token is not the caller's.
		ExpiredTokenError: 410. The token is too old, or the fields that the caller may read have changed.
	"""
	meta = get_meta(doctype)
	frappe.has_permission(doctype, "read", throw=True)
	record_list(doctype)
	pages.check_kind(meta)
	query = pages.parse_fields(meta, fields)
	_start, length = lists.parse_page(None, limit_page_length)
	page = pages.get_page(meta, query, token, length)
	record_listed(doctype, [change["name"] for change in page["changes"] if change["record"] is not None])
	frappe.local.flags.commit = True  # also of a GET: the feed must know what it has given
	return page
