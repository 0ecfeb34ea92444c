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
