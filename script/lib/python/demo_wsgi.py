"""What gunicorn serves for the demo: Frappe with its static files, and one site by whatever host name it is called.

In production nginx does both; see README.md.
"""

import os

import frappe.app

frappe.app._site = os.environ["ORCHESTRATOR_SITE"]
application = frappe.app.application_with_statics()
