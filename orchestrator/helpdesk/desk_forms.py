"""Target of `override_whitelisted_methods` for what Desk's form loads: with a record come all comments on it. That is
for colleagues; a customer who may read the record would get them too. Desk's own users get Frappe's own function.

As in `orchestrator.api.overrides`, the function is chosen in each request, so that nothing of ours is on Desk's stack.
"""

from collections.abc import Callable
from typing import Any

import frappe
from frappe import _

from orchestrator.api.endpoint import READS, endpoint
from orchestrator.helpdesk.tickets import DOCTYPES, is_customer

# our name -> (Frappe's function, ours)
METHODS = {
	"getdoc": ("frappe.desk.form.load.getdoc", "orchestrator.helpdesk.desk_forms.refuse_form"),
	"get_docinfo": ("frappe.desk.form.load.get_docinfo", "orchestrator.helpdesk.desk_forms.refuse_form"),
}


def __getattr__(name: str) -> Callable[..., Any]:
	"""The function to run for this request."""
	if name not in METHODS:
		raise AttributeError(name)
	native, refusal = METHODS[name]
	hidden = frappe.form_dict.get("doctype") in DOCTYPES and is_customer()
	return frappe.get_attr(refusal if hidden else native)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(effect=READS)
def refuse_form(doctype: str | None = None, name: str | int | None = None) -> None:
	"""What a customer gets of Desk's form. Raises PermissionError (403), always."""
	frappe.throw(
		_("The form is for the support team. Read {0} {1} in the portal.").format(
			_(doctype or ""), name or ""
		),
		frappe.PermissionError,
	)


# Frappe's methods stay Frappe's: neither of them is a call of this API, nor is what answers in their place.
refuse_form.effect = None
