"""The web application with a short wait for an Idempotency-Key whose first request still runs."""

from frappe.app import application

from orchestrator.api import idempotency

idempotency.LOCK_WAIT_SECONDS = 1

__all__ = ["application"]
