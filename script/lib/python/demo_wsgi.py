"""The WSGI application of the demo server: Frappe with its static files, and one site under any host name.

In production nginx does both; see README.md.
"""

import os

import frappe.app

frappe.app._site = os.environ["ORCHESTRATOR_SITE"]
application = frappe.app.application_with_statics()
