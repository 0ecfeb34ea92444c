"""A copy of a DocType's records, kept by get_changes as the API reference says."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.client import Client, get_data

GET_CHANGES = "orchestrator.api.get_changes"
MAX_CALLS = 1_000


class RefusedError(Exception):
	"""The caller may not read the DocType at all."""


@dataclass
class Replica:
	"""Records by name."""

	client: Client
	doctype: str
	fields: list[str] = field(default_factory=lambda: ["name"])
	length: int = 500
	token: str | None = None
	records: dict[Any, dict[str, Any]] = field(default_factory=dict)

	def pull_page(self) -> dict[str, Any]:
		"""Apply one page of changes."""
		start = {"token": self.token} if self.token else {}
		reply = self.client.post(
			GET_CHANGES,
			doctype=self.doctype,
			fields=self.fields,
			limit_page_length=self.length,
			**start,
		)
		if reply.status_code == 403:
			raise RefusedError
		page = get_data(reply)
		for change in page["changes"]:
			self.records.pop(change["previous_name"], None)
			if change["record"] is None:
				self.records.pop(change["name"], None)
			else:
				self.records[change["name"]] = change["record"]
		self.token = page["token"]
		return page

	def pull(self) -> list[dict[str, Any]]:
		"""Apply all changes there are, and return them."""
		changes: list[dict[str, Any]] = []
		for _call in range(MAX_CALLS):
			page = self.pull_page()
			changes += page["changes"]
			if not page["has_more"]:
				return changes
		raise AssertionError(f"has_more after {MAX_CALLS} pages")

	def pull_records(self) -> dict[Any, dict[str, Any]]:
		"""Apply all changes there are, and return the copy."""
		self.pull()
		return self.records

	def list_kinds(self) -> list[tuple[str, Any]]:
		"""Apply all changes there are, and return the kind and the name of each, sorted."""
		return sorted((change["change"], change["name"]) for change in self.pull())
