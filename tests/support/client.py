"""HTTP clients for tests: an API client by token, a browser by session, both over a real socket."""

from dataclasses import dataclass, field
from typing import Any

import requests

TIMEOUT = 60


@dataclass
class Client:
	"""One caller of the site's API."""

	base: str
	host: str
	headers: dict[str, str] = field(default_factory=dict)
	session: requests.Session = field(default_factory=requests.Session)

	def request(self, verb: str, path: str, **kwargs: Any) -> requests.Response:
		"""Send any request; `path` starts at the root."""
		headers = {"Host": self.host, **self.headers, **kwargs.pop("headers", {})}
		return self.session.request(
			verb, self.base + path, headers=headers, timeout=TIMEOUT, allow_redirects=False, **kwargs
		)

	def get(self, method: str, headers: dict[str, str] | None = None, **params: Any) -> requests.Response:
		"""Send GET /api/method/<method> with `params` in the query."""
		return self.request("GET", f"/api/method/{method}", params=params, headers=headers or {})

	def post(self, method: str, headers: dict[str, str] | None = None, **body: Any) -> requests.Response:
		"""Send POST /api/method/<method> with `body` as JSON."""
		return self.request("POST", f"/api/method/{method}", json=body, headers=headers or {})

	def login(self, user: str, password: str) -> "Client":
		"""Start a session, as a browser does."""
		reply = self.request("POST", "/api/method/login", data={"usr": user, "pwd": password})
		assert reply.status_code == 200, reply.text
		return self


def get_data(reply: requests.Response, status: int = 200) -> Any:
	"""Return the data of a successful reply."""
	assert reply.status_code == status, reply.text
	return reply.json()["data"]


def get_error(reply: requests.Response) -> tuple[int, str]:
	"""Return the status and the error class of a refusal."""
	return reply.status_code, reply.json()["exc_type"]
