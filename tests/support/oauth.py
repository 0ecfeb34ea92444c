"""Applications of Frappe's OAuth provider."""

from frappe.model.document import Document

from tests.support import factories


def make_application() -> Document:
	"""Create an OAuth client that may act for any user in everything."""
	return factories.make_record(
		"OAuth Client",
		app_name=factories.make_unique("App"),
		scopes="all openid",
		redirect_uris="http://localhost",
		default_redirect_uri="http://localhost",
		grant_type="Authorization Code",
		response_type="Code",
	)
