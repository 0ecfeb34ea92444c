"""What Frappe calls in this app, and when. Tables only: nothing is imported, nothing is called."""

app_name = "orchestrator"
app_title = "Frappe Orchestrator"
app_publisher = "The Frappe Orchestrator developers"
app_description = "One REST API over the Frappe suite"
app_email = "hello@orchestrator.example"
app_license = "MIT"
required_apps = ["frappe/erpnext", "frappe/hrms"]

# Set-up: what is declared in orchestrator/setup, made and taken back
before_install = "orchestrator.setup.install.before_install"
after_install = "orchestrator.setup.install.after_install"
after_migrate = ["orchestrator.setup.install.sync"]
before_uninstall = "orchestrator.setup.uninstall.before_uninstall"
after_uninstall = "orchestrator.setup.uninstall.after_uninstall"

# The contract: see orchestrator/api
before_request = ["orchestrator.api.pipeline.before_request"]
auth_hooks = ["orchestrator.api.pipeline.authorize"]
after_request = ["orchestrator.api.pipeline.after_request"]
override_whitelisted_methods = {
	"frappe.client.get_list": "orchestrator.api.overrides.get_list",
	"frappe.client.get": "orchestrator.api.overrides.get",
	"frappe.client.insert": "orchestrator.api.overrides.insert",
	"frappe.client.set_value": "orchestrator.api.overrides.set_value",
	"frappe.client.delete": "orchestrator.api.overrides.delete",
	"upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.handler.upload_file": "orchestrator.api.overrides.upload_file",
	"frappe.api.v2.upload_file": "orchestrator.api.overrides.upload_file",
}

scheduler_events = {
	"daily": ["orchestrator.api.idempotency.delete_expired"],
}
