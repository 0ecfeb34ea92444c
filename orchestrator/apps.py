"""The apps of the suite that this site has."""

import frappe
from frappe import _

from orchestrator.exceptions import MissingAppError, refuse


def is_installed(app: str) -> bool:
	"""Return True if this site has `app` (helpdesk, gameplan, insights, ...)."""
	return app in frappe.get_installed_apps()


def require_app(app: str) -> None:
	"""Raise MissingAppError (501) if the site does not have `app`.

	Raises: MissingAppError (501), which names the app.
	"""
	if not is_installed(app):
		refuse(
			_(
				"This needs the app {0}, which this site does not have. Ask your administrator to install it."
			).format(app),
			MissingAppError,
		)
