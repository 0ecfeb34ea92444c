"""Frappe Orchestrator: one REST API over the Frappe suite."""

__version__ = "1.0.0"
