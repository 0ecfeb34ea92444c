"""The API page on the site, for users who do not work in Desk."""

from typing import Any

import frappe
import frappe.sessions

no_cache = 1
sitemap = 0


def get_context(_context: Any) -> None:
	"""Send guests to the login page, which leads back here; give the session a CSRF token."""
	if frappe.session.user == "Guest":
		frappe.local.flags.redirect_location = "/login?redirect-to=/api-docs"
		raise frappe.Redirect
	# The page's template writes the session's token; one is created with Desk alone.
	frappe.sessions.get_csrf_token()
