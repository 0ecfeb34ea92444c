"""API keys of this app for tests: made by the call that makes them, and clients that send them."""

from dataclasses import dataclass
from typing import Any

from tests.support import factories
from tests.support.client import Client, get_data

CREATE = "orchestrator.api.keys.create_key"


@dataclass(frozen=True)
class KeyMaker:
	"""Makes keys of a user, who signs in by Frappe's own key."""

	owner: Client

	def create(self, **values: Any) -> dict[str, Any]:
		"""A new key, with its secret."""
		return get_data(self.owner.post(CREATE, title=factories.make_unique("Key"), **values), 201)

	def client(self, **values: Any) -> Client:
		"""An API client with a new key."""
		return self.sign_in(self.create(**values))

	def sign_in(self, key: dict[str, Any]) -> Client:
		"""An API client with this key."""
		return Client(self.owner.base, self.owner.host, headers={"Authorization": key["authorization"]})


def get_missing_scope(reply: Any) -> str | None:
	"""The scope whose lack a refusal names."""
	return reply.headers.get("X-API-Key-Missing-Scope")
