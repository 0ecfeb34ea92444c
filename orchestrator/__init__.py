"""Frappe Orchestrator: one REST API over the Frappe suite."""

__version__ = "0.1.0"
