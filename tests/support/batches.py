"""Steps of a batch, and the results of one."""

from typing import Any

import requests

import frappe

BATCH = "orchestrator.api.batch"
INSERT = "frappe.client.insert"
GET = "frappe.client.get"


def step(
	name: str, method: str, /, group: str | None = None, verb: str | None = None, **params: Any
) -> dict[str, Any]:
	"""A call of a batch."""
	parts = {"id": name, "method": method, "params": params, "group": group, "verb": verb}
	return {key: value for key, value in parts.items() if value is not None}


def note(name: str, title: str, **more: Any) -> dict[str, Any]:
	"""The insertion of a note."""
	return step(name, INSERT, doctype="Note", title=title, **more)


def list_notes(mark: str) -> list[str]:
	"""The titles of the stored notes that hold `mark`."""
	frappe.db.rollback()
	return sorted(frappe.get_all("Note", {"title": ("like", f"%{mark}%")}, pluck="title"))


def get_results(reply: requests.Response, status: int = 200) -> dict[str, tuple[int, Any]]:
	"""The results by step: status and body."""
	assert reply.status_code == status, reply.text
	return {row["id"]: (row["status"], row["body"]) for row in reply.json()["data"]["steps"]}


def list_statuses(reply: requests.Response, status: int = 200) -> dict[str, int]:
	"""The status of each step."""
	return {name: result[0] for name, result in get_results(reply, status).items()}
