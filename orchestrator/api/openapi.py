"""The endpoint that returns the API's OpenAPI 3.1 document."""

from typing import Any

import frappe
from frappe import _lt
from frappe.utils import get_url

from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.openapi_document.document import build_document


@frappe.whitelist(methods=["GET"])
@endpoint(_lt("API described"), effect=READ)
def get_spec() -> dict[str, Any]:
	"""Return the OpenAPI document of this site's API.

	It lists every `orchestrator.*` method and the documented methods of Frappe, as API clients get them.

	Returns:
		An OpenAPI 3.1 document.

	Permissions:
		Every user who is signed in.

	Raises:
		AuthenticationError: 401. The caller is not signed in.
	"""
	return build_document(get_url())
