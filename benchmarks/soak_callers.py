"""The callers of a soak: users with a token, and the records that they work on."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests

from tests.conftest import SITE
from tests.support import clinic, docs_factories, factories, gameplan
from tests.support.client import Client

ROLES = (
	"Sales Manager",
	"Sales User",
	"Support Team",
	"Projects User",
	"Clinical User",
	"System Manager",
)


@dataclass
class Caller:
	"""A user with a token, and the records that they work on."""

	token: str
	password_user: str
	leads: list[str]
	issue: str
	company: str
	folder: str
	documents: list[str]
	patient: str
	sprint: str
	webhook: str
	etag: str | None = None
	feed: str | None = None
	key: dict[str, Any] | None = None
	operations: list[str] = field(default_factory=list)
	deadlocks: int = 0
	failures: int = 0
	client: Client = field(default_factory=lambda: Client("", str(SITE)))

	def connect(self, base: str) -> None:
		"""Send the next requests over a new connection."""
		self.client = Client(base, str(SITE), headers={"Authorization": f"token {self.token}"})

	def send(self, call: "Call", rng: Random) -> None:
		"""Send one request, again after a deadlock, as the contract has it. Print an unexpected reply."""
		reply, expected = call(self, rng)
		for _attempt in range(MAX_DEADLOCKS):
			if reply.status_code != 409 or "QueryDeadlockError" not in reply.text:
				break
			self.deadlocks += 1
			reply, expected = call(self, rng)
		if reply.status_code not in expected:
			self.failures += 1
			print(f"{reply.request.method} {reply.url}: {reply.status_code} {reply.text[:500]}", flush=True)

	def choose_lead(self, rng: Random) -> str:
		return rng.choice(self.leads)


MAX_DEADLOCKS = 5  # one after the other, of one request
Outcome = tuple[requests.Response, tuple[int, ...]]
Call = Callable[[Caller, Random], Outcome]


def make_unique() -> str:
	"""Return a text that occurs nowhere else. Threads of requests have no connection to the site."""
	return f"soak-{uuid.uuid4().hex[:12]}"


def make_callers(count: int, webhook: str) -> list[Caller]:
	"""Create the users, each with a few leads, a ticket, a folder with documents, a client and a sprint."""
	return [make_caller(webhook) for _number in range(count)]


def make_caller(webhook: str) -> Caller:
	user = factories.make_user(*ROLES)
	folder = docs_factories.make_folder(("User", user.name, "Write"))
	sprint = gameplan.make_sprint()
	for _number in range(5):
		gameplan.make_task(sprint)
	return Caller(
		token=":".join(factories.get_token(user.name)),
		password_user=user.name,
		leads=[factories.make_lead(lead_owner=user.name).name for _lead in range(5)],
		issue=factories.make_issue().name,
		company=factories.get_company(),
		folder=folder,
		documents=[docs_factories.make_document(folder) for _document in range(3)],
		patient=str(clinic.make_client(clinic.make_connection()).name),
		sprint=str(sprint.name),
		webhook=webhook,
	)
