"""Change feeds of API keys with scopes: each has a feed of its own, and sees what its scope includes."""

from collections.abc import Callable

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.keys import KeyMaker, get_missing_scope

METHOD = "orchestrator.api.get_changes"
Api = Callable[[str], Client]


def test_key_without_the_right_is_refused(api: Api, site: str) -> None:
	maker = KeyMaker(api(factories.make_user("Sales User").name))
	reply = maker.client(doctypes={"Note": ["read"]}).get(METHOD, doctype="Lead")
	assert get_error(reply) == (403, "PermissionError")
	assert get_missing_scope(reply) == "Lead: read"


def test_key_reads_comments_on_the_records_of_its_scope_alone(api: Api, site: str) -> None:
	"""The feed of the user without a scope is not touched by what the key may not see."""
	owner = api(factories.make_user("Sales User", "System Manager").name)
	lead, note = factories.make_lead(), factories.make_record("Note", title=factories.make_unique("Note"))
	comments = {
		doc.doctype: doc.add_comment("Comment", factories.make_unique("Text")).name for doc in (lead, note)
	}
	frappe.db.commit()
	key = KeyMaker(owner).client(doctypes={"Comment": ["read"], "Lead": ["read"]})
	token = read_to_the_end(owner, None)[1]
	seen = read_to_the_end(key, None)[0]
	assert comments["Lead"] in seen
	assert comments["Note"] not in seen
	assert read_to_the_end(owner, token)[0] == {}
	assert get_error(key.get(METHOD, doctype="Comment", token=token)) == (410, "ExpiredTokenError")


def read_to_the_end(client: Client, token: str | None) -> tuple[dict[str, str], str]:
	"""Return the changes after a token by name, and the token at their end."""
	changes: dict[str, str] = {}
	while True:
		params = {"token": token} if token else {}
		page = get_data(client.get(METHOD, doctype="Comment", limit_page_length=500, **params))
		changes |= {change["name"]: change["change"] for change in page["changes"]}
		token = page["token"]
		if not page["has_more"]:
			return changes, token
