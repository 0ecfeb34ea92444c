"""docs/api-reference.md is true: each of its requests is sent, each of its replies is what the site answers."""

from collections.abc import Callable, Iterator

import pytest

import frappe

from orchestrator.api.aliases import ALIASES
from tests import factories, reference
from tests.client import Client
from tests.reference import Example

ROLES = ("Sales User", "Sales Manager", "Support Team", "Projects User", "Projects Manager", "System Manager")
USERS = ("user@example.com", "sales@example.com")


@pytest.fixture(scope="module")
def documented_site(frappe_site: str) -> Iterator[None]:
	"""The site that the document tells of: its users, its masters, its names, and nothing left of an earlier run."""
	frappe.set_user("Administrator")
	for email in USERS:
		if not frappe.db.exists("User", email):
			factories.make_user(*ROLES, email=email, first_name=email.split("@")[0])
	for doctype, field, name in (
		("Lead Source", "source_name", "Referral"),
		("Customer", "customer_name", "C001"),
	):
		if not frappe.db.exists(doctype, name):
			factories.make(doctype, **{field: name})
	forget_earlier_run()
	switch_names(True)
	yield
	switch_names(False)


def forget_earlier_run() -> None:
	"""Delete what the examples made before."""
	frappe.db.delete("Task", {"subject": "Implement authentication"})
	frappe.db.delete("Project", {"project_name": "Harbour portal"})
	frappe.db.delete("Issue", {"raised_by": "jane@example.com"})
	for doctype, field in (("Lead", "email_id"), ("Contact", "email_id"), ("Opportunity", "contact_email")):
		for name in frappe.get_all(doctype, {field: "jane@example.com"}, pluck="name"):
			frappe.delete_doc(doctype, name, force=True)
	for name in frappe.get_all("Opportunity", {"assigned_to": USERS[0]}, pluck="name"):
		frappe.delete_doc("Opportunity", name, force=True)
	frappe.db.commit()


def switch_names(on: bool) -> None:
	"""Let the site give the documented names, or its own."""
	frappe.set_user("Administrator")
	frappe.get_doc("Orchestrator Settings").update({"use_documented_names": int(on)}).save()
	frappe.db.commit()


@pytest.fixture(scope="module")
def bound() -> dict[str, str]:
	"""The site's names for those in the document."""
	return {}


@pytest.mark.parametrize(
	"example", reference.examples(), ids=lambda example: f"line-{example.line}-{example.status}"
)
def test_the_reference_is_true(
	example: Example, documented_site: None, bound: dict[str, str], api: Callable[[str], Client]
) -> None:
	reply = send(api("sales@example.com"), example, bound)
	assert reply.status_code == example.status, reply.text
	assert list(reference.differences(example.reply, reply.json(), bound)) == []


def send(client: Client, example: Example, bound: dict[str, str]) -> object:
	"""Send an example's request, as the client unless its Authorization says otherwise."""
	headers = dict(example.headers)
	if headers.get("Authorization") == "":
		client.headers.pop("Authorization")
		headers.pop("Authorization")
	body = reference.substitute(example.body, bound)
	if headers.pop("Content-Type", "").startswith("multipart"):
		content = {"files": {"file": (body.pop("file"), b"the contract")}, "data": body}
	else:
		content = {"json": body} if body is not None else {}
	return client.request(
		example.verb,
		example.path,
		params=reference.substitute(example.query, bound),
		headers=headers,
		**content,
	)


def test_the_table_of_names_is_the_one_in_the_code() -> None:
	told = {
		(doctype, alias, field) for doctype, aliases in ALIASES.items() for alias, field in aliases.items()
	}
	text = reference.DOCUMENT.read_text()
	assert all(f"| {doctype} | `{alias}` | `{field}` |" in text for doctype, alias, field in told)
