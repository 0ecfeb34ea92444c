"""Create an API user on the demo site and print its token: `python demo_access.py SITE`, in the sites folder.

The token comes from Frappe's own `generate_keys`. It is printed as `key:secret`; asking again makes a new secret.
"""

import sys

import frappe

EMAIL = "api@example.com"

# Roles that the documented calls require; those of missing apps are left out.
ROLES = (
	"System Manager",
	"Sales Manager",
	"Sales User",
	"HR Manager",
	"HR User",
	"Support Team",
	"Projects Manager",
	"Projects User",
	"Agent",
	"Agent Manager",
	"Insights Admin",
	"Gameplan Admin",
	"Clinical Manager",
	"Kipu Sync Manager",
)


def main(site: str) -> None:
	"""Create the user if it is missing, then print a new token."""
	frappe.init(site=site)
	frappe.connect()
	try:
		frappe.set_user("Administrator")
		ensure_user()
		from frappe.core.doctype.user.user import generate_keys

		keys = generate_keys(EMAIL)
		frappe.db.commit()
		print(f"{keys['api_key']}:{keys['api_secret']}")
	finally:
		frappe.destroy()


def ensure_user() -> None:
	"""Create an enabled system user with the roles above and without a password: it signs in by token only."""
	if frappe.db.exists("User", EMAIL):
		return
	user = frappe.new_doc("User")
	user.update({"email": EMAIL, "first_name": "API", "last_name": "Demo", "send_welcome_email": 0})
	for role in ROLES:
		if frappe.db.exists("Role", role):
			user.append("roles", {"role": role})
	user.insert()


if __name__ == "__main__":
	main(sys.argv[1])
