"""API keys: who may have them, until when and from where they work, and what is stored of them."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

import frappe

from orchestrator import clock
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.keys import CREATE, KeyMaker
from tests.support.rate_limits import override_rate_limit

Api = Callable[[str], Client]
LIST = "frappe.client.get_list"
LEADS: dict[str, Any] = {"doctypes": {"Lead": ["read"]}}
STATE = "orchestrator.api.keys.get_current_key"


@pytest.fixture
def seller(site: str) -> str:
	return factories.make_user("Sales User").name


@pytest.fixture
def maker(api: Api, seller: str) -> KeyMaker:
	return KeyMaker(api(seller))


def set_values(key: dict[str, Any], **values: Any) -> None:
	frappe.db.set_value("API Key", key["key"], values)
	frappe.db.commit()


def get_stored(key: dict[str, Any], fieldname: str) -> Any:
	frappe.db.rollback()
	return frappe.db.get_value("API Key", key["key"], fieldname)


def is_accepted(client: Client) -> bool:
	reply = client.get(LIST, doctype="Lead", limit_page_length=1)
	assert reply.status_code in (200, 401), reply.text
	return reply.status_code == 200


@pytest.mark.parametrize("scheme", ["token", "Token", "Basic"])
def test_a_key_signs_in_by_token_and_by_basic_credentials(
	maker: KeyMaker, guest: Client, seller: str, scheme: str
) -> None:
	key = maker.create(**LEADS)
	assert key["authorization"] == f"token {key['key']}:{key['secret']}"
	text = f"{key['key']}:{key['secret']}"
	text = base64.b64encode(text.encode()).decode() if scheme == "Basic" else text
	assert get_data(guest.get(STATE, headers={"Authorization": f"{scheme} {text}"}))["user"] == seller


def test_several_keys_of_a_user_work_beside_frappes_own(maker: KeyMaker) -> None:
	first, second = maker.client(**LEADS), maker.client(full_access=True)
	assert [is_accepted(client) for client in (first, second, maker.owner)] == [True, True, True]
	assert first.get(LIST, doctype="Opportunity").status_code == 403
	assert second.get(LIST, doctype="Opportunity").status_code == 200


def test_the_secret_is_stored_nowhere(maker: KeyMaker) -> None:
	key = maker.create(**LEADS)
	get_data(maker.owner.post("orchestrator.api.keys.rotate_key", key=key["key"]))
	frappe.db.rollback()
	tables = ("API Key", "Version", "Comment", "Activity Log", "Error Log", "Idempotency Record")
	rows = [frappe.get_all(table, fields=["*"], limit=0) for table in tables]
	assert key["secret"] not in str(rows)
	assert (
		maker.owner.request("GET", f"/api/resource/API Key/{key['key']}")
		.json()["data"]
		.keys()
		.isdisjoint({"secret", "secret_hash", "previous_secret_hash", "scope"})
	)


@pytest.mark.parametrize(
	"header",
	[
		"token {key}:s1:wrong",
		"token {key}:",
		"token {key}:s1:",
		"token {other}:{secret}",
		"token KEY-{key}:{secret}",
		"Basic !!!",
		"token key-0000000000000000:s1:x",
		"Bearer {key}:{secret}",
	],
)
def test_wrong_credentials_are_401_and_charged_to_the_address(
	maker: KeyMaker, guest: Client, header: str
) -> None:
	key, other = maker.create(**LEADS), maker.create(**LEADS)
	values = {"key": key["key"], "secret": key["secret"], "other": other["key"]}
	reply = guest.get(LIST, headers={"Authorization": header.format(**values)}, doctype="Lead")
	assert reply.status_code == 401, reply.text
	again = guest.get(LIST, headers={"Authorization": header.format(**values)}, doctype="Lead")
	assert int(again.headers["X-RateLimit-Remaining"]) < int(reply.headers["X-RateLimit-Remaining"]) <= 99


def test_a_key_in_other_letters_is_another_key(maker: KeyMaker, guest: Client) -> None:
	key = maker.create(**LEADS)
	header = f"token key-{key['key'][4:].upper()}:{key['secret']}"
	expected = 200 if key["key"][4:].isdigit() else 401
	assert guest.get(LIST, headers={"Authorization": header}, doctype="Lead").status_code == expected


def test_revocation_works_from_the_next_request(maker: KeyMaker) -> None:
	key = maker.create(**LEADS)
	client = maker.sign_in(key)
	assert is_accepted(client)
	assert (
		get_data(maker.owner.post("orchestrator.api.keys.revoke_key", key=key["key"]))["status"] == "Revoked"
	)
	assert not is_accepted(client)
	assert (
		get_data(maker.owner.post("orchestrator.api.keys.revoke_key", key=key["key"]))["status"] == "Revoked"
	)
	rotated = maker.owner.post("orchestrator.api.keys.rotate_key", key=key["key"])
	assert get_error(rotated) == (409, "ConflictError")


def test_rotation_has_an_overlap(maker: KeyMaker) -> None:
	key = maker.create(**LEADS)
	old = maker.sign_in(key)
	new = get_data(maker.owner.post("orchestrator.api.keys.rotate_key", key=key["key"], overlap_hours=2))
	until = get_stored(key, "previous_secret_expires_on")
	assert timedelta(minutes=119) < until - clock.get_now() <= timedelta(hours=2)
	assert (is_accepted(old), is_accepted(maker.sign_in(new))) == (True, True)
	set_values(key, previous_secret_expires_on=clock.get_now() - timedelta(seconds=1))
	assert (is_accepted(old), is_accepted(maker.sign_in(new))) == (False, True)
	third = get_data(maker.owner.post("orchestrator.api.keys.rotate_key", key=key["key"], overlap_hours=0))
	assert (is_accepted(maker.sign_in(new)), is_accepted(maker.sign_in(third))) == (False, True)


@pytest.mark.parametrize("hours", [-1, 169, "x", 1.5])
def test_an_overlap_out_of_bounds_is_400(maker: KeyMaker, hours: Any) -> None:
	key = maker.create(**LEADS)
	before = get_stored(key, "secret_hash")
	reply = maker.owner.post("orchestrator.api.keys.rotate_key", key=key["key"], overlap_hours=hours)
	assert reply.status_code == 400, reply.text
	assert get_stored(key, "secret_hash") == before


def test_an_expired_key_is_401_and_says_so(maker: KeyMaker) -> None:
	key = maker.create(**LEADS, expires_on="2099-01-01T00:00:00")
	client = maker.sign_in(key)
	assert is_accepted(client)
	set_values(key, expires_on=clock.get_now() - timedelta(seconds=1))
	reply = client.get(LIST, doctype="Lead")
	assert get_error(reply) == (401, "AuthenticationError")
	assert "expired" in reply.json()["exc"]
	assert get_data(maker.owner.get("orchestrator.api.keys.list_keys"))["keys"][0]["status"] == "Expired"


def test_a_key_of_a_disabled_user_is_401(maker: KeyMaker, seller: str) -> None:
	client = maker.client(full_access=True)
	frappe.db.set_value("User", seller, "enabled", 0)
	frappe.db.commit()
	assert not is_accepted(client)


@pytest.mark.parametrize(
	("allowed", "accepted"),
	[
		(["127.0.0.1"], True),
		(["10.0.0.0/8", "127.0.0.0/8"], True),
		(["10.0.0.0/8"], False),
		(["::1"], False),
		(["::ffff:127.0.0.1"], False),
	],
)
def test_addresses_limit_where_a_key_works(maker: KeyMaker, allowed: list[str], accepted: bool) -> None:
	assert is_accepted(maker.client(**LEADS, allowed_addresses=allowed)) is accepted


@pytest.mark.parametrize(
	("address", "status"), [("::ffff:203.0.113.9", 200), ("203.0.114.1", 401), ("nonsense", 401)]
)
def test_a_mapped_address_counts_as_its_own(maker: KeyMaker, address: str, status: int) -> None:
	client = maker.client(**LEADS, allowed_addresses=["203.0.113.0/24"])
	reply = client.get(LIST, headers={"X-Forwarded-For": address}, doctype="Lead")
	assert reply.status_code == status


def test_the_last_use_is_written_at_most_once_a_minute(maker: KeyMaker) -> None:
	key = maker.create(**LEADS)
	client = maker.sign_in(key)
	assert get_stored(key, "last_used_on") is None
	assert is_accepted(client) and is_accepted(client)
	first = get_stored(key, "last_used_on")
	assert timedelta(0) <= clock.get_now() - first < timedelta(minutes=1)
	assert is_accepted(client)
	assert get_stored(key, "last_used_on") == first
	set_values(key, last_used_on=first - timedelta(seconds=61))
	assert is_accepted(client) and is_accepted(client)
	assert get_stored(key, "last_used_on") >= first


def test_the_keys_of_a_user_share_the_rate_limit(maker: KeyMaker) -> None:
	first, second = maker.client(**LEADS), maker.client(**LEADS)
	with override_rate_limit(rate_limit_per_minute=1, rate_limit_user_capacity=2):
		statuses = [client.get(LIST, doctype="Lead").status_code for client in (first, second, first, second)]
	assert statuses == [200, 200, 429, 429]


def test_a_session_of_another_user_beside_a_key_is_401(maker: KeyMaker, guest: Client) -> None:
	other = factories.make_user("Sales User").name
	session = Client(guest.base, guest.host).login(other, factories.PASSWORD)
	session.headers["Authorization"] = maker.create(**LEADS)["authorization"]
	assert session.get(LIST, doctype="Lead").status_code == 401


def test_a_session_does_not_widen_a_key(maker: KeyMaker, guest: Client, seller: str) -> None:
	session = Client(guest.base, guest.host).login(seller, factories.PASSWORD)
	assert session.get(LIST, doctype="Opportunity").status_code == 200
	session.headers["Authorization"] = maker.create(**LEADS)["authorization"]
	assert session.get(LIST, doctype="Opportunity").status_code == 403


REFUSED = [
	({}, 422, "ValidationError"),
	({"full_access": True, **LEADS}, 422, "ValidationError"),
	({"doctypes": {"Lead": []}}, 422, "ValidationError"),
	({"doctypes": {"Lead": ["everything"]}}, 400, "InvalidRequestError"),
	({"doctypes": ["Lead"]}, 400, "InvalidRequestError"),
	({"doctypes": {"No Such": ["read"]}}, 422, "LinkValidationError"),
	({"doctypes": {"User": ["write"]}}, 422, "ValidationError"),
	({"doctypes": {"API Key": ["create"]}}, 422, "ValidationError"),
	({"doctypes": {"Has Role": ["read"]}}, 422, "ValidationError"),
	({"methods": ["*"]}, 422, "ValidationError"),
	({"methods": ["frappe.*"]}, 422, "ValidationError"),
	({"methods": ["orchestrator.api.keys.create_key"]}, 422, "ValidationError"),
	({"methods": ["frappe.core.doctype.user.user.generate_keys"]}, 422, "ValidationError"),
	({"methods": ["a b; c"]}, 422, "ValidationError"),
	({"methods": [1]}, 400, "InvalidRequestError"),
	({"reports": ["No Such Report"]}, 422, "LinkValidationError"),
	({**LEADS, "allowed_addresses": ["300.1.1.1"]}, 400, "InvalidRequestError"),
	({**LEADS, "expires_on": "2001-01-01T00:00:00"}, 422, "ValidationError"),
	({**LEADS, "expires_on": "soon"}, 400, "InvalidRequestError"),
	({**LEADS, "user": "Administrator"}, 403, "PermissionError"),
	({**LEADS, "user": "nobody@harbor.example"}, 403, "PermissionError"),
]


@pytest.mark.parametrize(("values", "status", "error"), REFUSED)
def test_a_key_that_makes_no_sense_is_refused(
	maker: KeyMaker, seller: str, values: dict, status: int, error: str
) -> None:
	reply = maker.owner.post(CREATE, title="Key", **values)
	assert get_error(reply) == (status, error), reply.text
	frappe.db.rollback()
	assert frappe.db.count("API Key", {"user": seller}) == 0


def test_other_users_keys_are_hidden(maker: KeyMaker, api: Api) -> None:
	key = maker.create(**LEADS)
	other = api(factories.make_user("Sales User").name)
	assert other.request("GET", f"/api/resource/API Key/{key['key']}").status_code == 403
	assert key["key"] not in other.request("GET", "/api/resource/API Key?limit=500").text
	replies = [
		other.post(f"orchestrator.api.keys.{method}", key=key["key"])
		for method in ("rotate_key", "revoke_key")
	]
	assert [get_error(reply) for reply in replies] == [(404, "DoesNotExistError")] * 2
	changed = other.request("PUT", f"/api/resource/API Key/{key['key']}", json={"title": "Mine"})
	assert changed.status_code == 403
	assert get_error(other.get("orchestrator.api.keys.list_keys", user=key["user"])) == (
		403,
		"PermissionError",
	)
	assert get_stored(key, "title") == key["title"]
	assert is_accepted(maker.sign_in(key))


def test_a_guest_and_a_portal_user_have_no_keys(guest: Client, api: Api) -> None:
	assert get_error(guest.post(CREATE, title="Key", full_access=True)) == (401, "AuthenticationError")
	portal = factories.make_user(user_type="Website User").name
	assert api(portal).post(CREATE, title="Key", full_access=True).status_code == 403


def test_a_system_manager_looks_after_the_keys_of_others(maker: KeyMaker, api: Api, seller: str) -> None:
	key = maker.create(**LEADS)
	manager = api(factories.make_user("System Manager").name)
	assert [
		each["key"] for each in get_data(manager.get("orchestrator.api.keys.list_keys", user=seller))["keys"]
	] == [key["key"]]
	made = get_data(manager.post(CREATE, title="For them", user=seller, **LEADS), 201)
	assert made["user"] == seller
	assert get_data(manager.post("orchestrator.api.keys.revoke_key", key=key["key"]))["status"] == "Revoked"
	refused = manager.post(CREATE, title="Root", user="Administrator", full_access=True)
	assert get_error(refused) == (403, "PermissionError")
	frappe.db.rollback()
	notes = frappe.get_all(
		"Comment", {"reference_doctype": "API Key", "reference_name": key["key"]}, pluck="content"
	)
	assert any("revoked this key" in note for note in notes)


def test_what_only_the_server_writes_cannot_be_sent(maker: KeyMaker) -> None:
	key = maker.create(**LEADS)
	before = get_stored(key, ["secret_hash", "scope"])
	body = {"secret_hash": "x", "scope": None, "title": "Other", "last_used_on": "2001-01-01 00:00:00"}
	reply = maker.owner.request("PUT", f"/api/resource/API Key/{key['key']}", json=body)
	assert reply.status_code == 200, reply.text
	assert get_stored(key, ["secret_hash", "scope"]) == before
	assert (get_stored(key, "title"), get_stored(key, "last_used_on")) == ("Other", None)


def test_a_renamed_doctype_stays_in_the_scope(maker: KeyMaker) -> None:
	old, new = f"Key Test {frappe.generate_hash(length=6)}", f"Key Test {frappe.generate_hash(length=6)}"
	factories.make_record(
		"DocType",
		name=old,
		module="Custom",
		custom=1,
		fields=[{"fieldname": "note", "fieldtype": "Data", "label": "Note"}],
		permissions=[{"role": "Sales User", "read": 1}],
	)
	client = maker.client(doctypes={old: ["read"]})
	assert client.request("GET", f"/api/resource/{old}").status_code == 200
	frappe.rename_doc("DocType", old, new)
	frappe.db.commit()
	assert client.request("GET", f"/api/resource/{new}").status_code == 200
	frappe.delete_doc("DocType", new)
	frappe.db.commit()


def test_the_keys_go_with_their_user(maker: KeyMaker, seller: str) -> None:
	client = maker.client(full_access=True)
	# Frappe 16 writes a user's last activity after the reply, and does not wait for that before it deletes
	frappe.db.get_value("User", seller, "name", for_update=True)
	frappe.delete_doc("User", seller, force=True)
	frappe.db.commit()
	assert not is_accepted(client)
	assert frappe.db.count("API Key", {"user": seller}) == 0


def test_desk_gets_the_secret_once(site: str, browser: Callable[[str, str], Client], seller: str) -> None:
	desk = browser(seller, factories.PASSWORD)
	doc = {
		"doctype": "API Key",
		"title": "From Desk",
		"user": seller,
		"doctypes": [{"reference_doctype": "Lead", "read": 1}],
	}
	doc = {**doc, "__islocal": 1, "name": "new-api-key-1"}
	form = {"doc": json.dumps(doc), "action": "Save"}
	saved = desk.request("POST", "/api/method/frappe.desk.form.save.savedocs", data=form)
	assert saved.status_code == 200, saved.text
	(made,) = saved.json()["docs"]
	secret = made["__onload"]["secret"]
	client = Client(desk.base, desk.host, headers={"Authorization": f"token {made['name']}:{secret}"})
	assert is_accepted(client)
	again = desk.request(
		"GET", "/api/method/frappe.desk.form.load.getdoc", params={"doctype": "API Key", "name": made["name"]}
	)
	assert again.status_code == 200
	assert secret not in again.text
