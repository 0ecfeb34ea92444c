"""The scope of an API key: what a request or job of the key may do of what its user may do.

A scope only ever narrows. It is on `frappe.local` while a request or a job of a key with scopes runs; without one,
everything is as the user's own permissions say. See docs/api-keys.md.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import frappe

from orchestrator.access import switch
from orchestrator.access.outside_recipients import WITHHELD_DOCTYPES, OutsideRecipient

ADMINISTRATOR = "Administrator"
RIGHTS = (
	"read",
	"write",
	"create",
	"delete",
	"submit",
	"cancel",
	"report",
	"print",
	"export",
	"email",
	"share",
)
READING_RIGHTS = frozenset({"read", "report", "print", "export", "email"})
# Frappe's other kinds of permission -> the right that includes them
RIGHT_BY_PTYPE = {"select": "read", "mask": "read", "amend": "create", "import": "create"}
# Records that decide who may do what, or run code or templates with more permissions than a key: no scope reaches them.
PROTECTED_DOCTYPES = frozenset(
	{
		"API Key",
		"Address Template",
		"Assignment Rule",
		"Auto Email Report",
		"Auto Repeat",
		"Client Script",
		"Connected App",
		"Custom DocPerm",
		"Custom Field",
		"Custom HTML Block",
		"Custom Role",
		"Customize Form",
		"Data Import",
		"DocPerm",
		"DocShare",
		"DocType",
		"Email Account",
		"Email Template",
		"HD Form Script",
		"LDAP Settings",
		"Letter Head",
		"Notification",
		"OAuth Authorization Code",
		"OAuth Bearer Token",
		"OAuth Client",
		"OAuth Provider Settings",
		"OAuth Settings",
		"Orchestrator Settings",
		"Print Format",
		"Property Setter",
		"Report",
		"Role",
		"Role Permission for Page and Report",
		"Role Profile",
		"Scheduled Job Type",
		"Server Script",
		"Social Login Key",
		"System Console",
		"System Settings",
		"Token Cache",
		"User",
		"User Permission",
		"User Type",
		"Web Form",
		"Web Page",
		"Web Template",
		"Webhook",
		"Website Script",
		"Website Settings",
		"Website Theme",
		"Workflow",
	}
)
# Records that repeat records of every DocType, and do not name it: no scope reads them.
UNREADABLE_DOCTYPES = frozenset(
	{"Bulk Operation Chunk", "Change Feed Event", "Change Feed Record", "RQ Job", "Webhook Request Log"}
)


@dataclass
class KeyScope:
	"""What a key may do: rights by DocType, methods, and reports. `missing` is the scope that a check last found missing.

	A key of a recipient outside the organisation has a `recipient`: see consent_conditions.py.
	"""

	key: str
	user: str
	doctypes: Mapping[str, frozenset[str]] = field(default_factory=dict)
	methods: frozenset[str] = frozenset()
	prefixes: tuple[str, ...] = ()
	reports: frozenset[str] = frozenset()
	is_lifted: bool = False
	missing: str | None = None
	recipient: OutsideRecipient | None = None

	def allows(self, doctype: str, ptype: str = "read") -> bool:
		"""Return True where the scope has the right to the DocType."""
		right = RIGHT_BY_PTYPE.get(ptype, ptype)
		if self.recipient and doctype in WITHHELD_DOCTYPES:
			return False
		if self.is_lifted:
			return right in READING_RIGHTS
		return right in self.doctypes.get(doctype, ()) and can_be_granted(doctype, right)

	def allows_report(self, report: str) -> bool:
		"""Return True where the scope names the report."""
		return self.is_lifted or report in self.reports

	def to_stamp(self) -> str:
		"""Return a text that differs for every other scope, as part of the keys of cached values."""
		rights = {doctype: sorted(self.doctypes[doctype]) for doctype in sorted(self.doctypes)}
		return json.dumps([rights, sorted(self.methods), sorted(self.reports)])

	def list_readable_doctypes(self) -> list[str]:
		"""Return the DocTypes that the scope lets the key read."""
		return sorted(doctype for doctype in self.doctypes if self.allows(doctype, "read"))

	def applies_to(self, user: str | None) -> bool:
		"""Return True for the checks of the key's user, and of whom the request has switched to."""
		return not user or user in (self.user, frappe.session.user)


def describe_right(doctype: str, ptype: str) -> str:
	"""Return how messages name a right to a DocType."""
	return f"{doctype}: {RIGHT_BY_PTYPE.get(ptype, ptype)}"


def can_be_granted(doctype: str, right: str) -> bool:
	"""Return True where a scope may have the right to the DocType at all."""
	if doctype in UNREADABLE_DOCTYPES:
		return False
	return right in READING_RIGHTS or doctype not in PROTECTED_DOCTYPES


def parse_scope(key: str, user: str, text: str | None, recipient: OutsideRecipient | None = None) -> KeyScope:
	"""Return the scope that is stored with a key. One without a text allows nothing."""
	stored = json.loads(text or "{}")
	methods = stored.get("methods", ())
	return KeyScope(
		key=key,
		user=user,
		doctypes={doctype: frozenset(rights) for doctype, rights in stored.get("doctypes", {}).items()},
		methods=frozenset(methods),
		prefixes=tuple(method[:-1] for method in methods if method.endswith(".*")),
		reports=frozenset() if recipient else frozenset(stored.get("reports", ())),
		recipient=recipient,
	)


def set_scope(scope: KeyScope) -> None:
	"""Limit the rest of this request or job to the scope. It is guarded, whatever the site's setting says."""
	frappe.local.orchestrator_key_scope = scope
	switch.require()


def get_scope() -> KeyScope | None:
	"""Return the scope of this request or job, None where it has none."""
	return getattr(frappe.local, "orchestrator_key_scope", None)


def get_recipient(user: str | None = None) -> OutsideRecipient | None:
	"""Return the recipient outside for whom this request or job reads as a user, None where it reads for nobody outside."""
	scope = get_scope()
	return scope.recipient if scope and scope.recipient and scope.applies_to(user) else None


def is_active() -> bool:
	"""Return True while a scope limits this request or job."""
	return get_scope() is not None


def is_unlimited(user: str) -> bool:
	"""Return True for the Administrator, to whom no permission applies, unless a scope limits the request."""
	return user == ADMINISTRATOR and get_scope() is None


@contextmanager
def lift_for_report(report: str) -> Iterator[None]:
	"""Run a report that the scope names: it reads what it shows with the permissions of the key's user."""
	scope = get_scope()
	if scope is None or report not in scope.reports:
		yield
		return
	before, scope.is_lifted = scope.is_lifted, True
	try:
		yield
	finally:
		scope.is_lifted = before
