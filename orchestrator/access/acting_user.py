"""Run code with the permissions of another user."""

from collections.abc import Iterator
from contextlib import contextmanager

import frappe

# Attributes of frappe.local that `frappe.set_user` clears.
OF_THE_REQUEST = ("cache", "form_dict", "jenv", "role_permissions", "new_doc_templates", "user_perms")
OF_THE_SESSION = ("user", "sid", "data")


@contextmanager
def run_as_user(user: str) -> Iterator[None]:
	"""Run the block with the permissions of `user`, and restore the request's state afterwards."""
	local = frappe.local
	if user == local.session.user:
		yield
		return
	request = {name: getattr(local, name) for name in OF_THE_REQUEST if hasattr(local, name)}
	session = {name: local.session.get(name) for name in OF_THE_SESSION}
	frappe.set_user(user)
	_clear_request_cache()
	try:
		yield
	finally:
		local.session.update(session)
		for name, value in request.items():
			setattr(local, name, value)
		_clear_request_cache()


def _clear_request_cache() -> None:
	"""Clear what functions have cached for this request: they do not know that the user changed."""
	if hasattr(frappe.local, "request_cache"):
		frappe.local.request_cache.clear()
