"""Access to subscriptions: the owner changes them, recipients read them, System Managers manage all."""

from typing import TYPE_CHECKING

import frappe

from orchestrator.doctypes import DASHBOARD_SUBSCRIPTION

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.dashboard_subscription.dashboard_subscription import (
		DashboardSubscription,
	)

MANAGER = "System Manager"
OWN_CONDITION = """
	(`tabDashboard Subscription`.owner = {user} OR EXISTS (SELECT 1 FROM `tabDashboard Subscription Recipient` recipient
		WHERE recipient.parent = `tabDashboard Subscription`.name AND recipient.parenttype = 'Dashboard Subscription'
		AND recipient.user = {user}))
"""


def has_permission(doc: "DashboardSubscription", ptype: str | None = None, user: str | None = None) -> bool:
	"""Implement the hook has_permission."""
	user = user or frappe.session.user
	if MANAGER in frappe.get_roles(user) or doc.owner == user or (doc.is_new() and not doc.owner):
		return True
	return ptype == "read" and any(row.user == user for row in doc.recipients)


def build_conditions(user: str | None) -> str:
	"""Implement the hook permission_query_conditions."""
	user = user or frappe.session.user
	if MANAGER in frappe.get_roles(user):
		return ""
	return OWN_CONDITION.format(user=frappe.db.escape(user, percent=False))


def delete_user_subscriptions(doc: "frappe.model.document.Document", _method: str | None = None) -> None:
	"""Handle the hook on_trash of User: delete the user's subscriptions, and the user from those of others."""
	for name in frappe.get_all(DASHBOARD_SUBSCRIPTION, {"owner": doc.name}, pluck="name"):
		frappe.delete_doc(DASHBOARD_SUBSCRIPTION, name, ignore_permissions=True, force=True)
	frappe.db.delete("Dashboard Subscription Recipient", {"user": doc.name})
