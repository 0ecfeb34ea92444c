"""Search for records by name or content, for Desk's search bar and API clients.

Each provider, a function of a domain or of another app, finds records of one kind:

	orchestrator_search_providers = ["orchestrator.sync.client_search.find_clients"]

It is called with the text and the number of records wanted, as the caller, and returns only records that the caller may
read.
"""

from collections.abc import Iterable
from typing import Annotated

import frappe
from frappe import _, _lt

from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.schema_types import Bounded
from orchestrator.api.shapes import FoundRecord, FoundRecords
from orchestrator.exceptions import InvalidRequestError, refuse

MIN_LETTERS, MAX_LETTERS = 2, 140
DEFAULT_LIMIT, MAX_LIMIT = 5, 20
HOOK = "orchestrator_search_providers"


# POST only: the text is often a patient's name, which must not be in the URLs of access logs.
@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Records found"), effect=READ)
def find_records(query: str, limit: Annotated[int, Bounded(1, MAX_LIMIT)] = DEFAULT_LIMIT) -> FoundRecords:
	"""Find clients by name or MR number, and documents by title, tags, notes and content.

	A record matches if it has every word of the query. Other apps add records of theirs by the hook orchestrator_search_providers.

	Args:
		query: Text of 2 to 140 characters.
		limit: Number of records of each kind. Default: 5.

	Returns:
		The records, by kind.

	Permissions:
		Every user who is signed in. Only records that the caller may read are found.

	Raises:
		AuthenticationError: 401. The caller is not signed in.
		InvalidRequestError: 400. The query is too short or too long, or limit is out of bounds.
	"""
	text = " ".join(query.split())
	if not MIN_LETTERS <= len(text) <= MAX_LETTERS:
		refuse(
			_("query must have between {0} and {1} characters.").format(MIN_LETTERS, MAX_LETTERS),
			InvalidRequestError,
		)
	if not 1 <= limit <= MAX_LIMIT:
		refuse(_("limit must be between 1 and {0}.").format(MAX_LIMIT), InvalidRequestError)
	return {"records": [record for path in frappe.get_hooks(HOOK) for record in _find(path, text, limit)]}


def _find(path: str, text: str, limit: int) -> Iterable[FoundRecord]:
	"""Return the records of one provider."""
	found: list[FoundRecord] = frappe.get_attr(path)(text, limit)
	return found[:limit]
