"""Session, token and bearer: the same contract for each."""

from collections.abc import Callable

import pytest

import frappe

from tests.support import factories, oauth
from tests.support.client import Client, get_error

LIST = "frappe.client.get_list"


@pytest.fixture
def seller(site: str) -> str:
	return factories.make_user("Sales User").name


def get_bearer(guest: Client, user: str) -> str:
	"""Return an access token from Frappe's own OAuth provider, by its password grant."""
	client = oauth.make_application()
	reply = guest.request(
		"POST",
		"/api/method/frappe.integrations.oauth2.get_token",
		data={
			"grant_type": "password",
			"username": user,
			"password": factories.PASSWORD,
			"client_id": client.client_id,
			"scope": "all openid",
		},
	)
	assert reply.status_code == 200, reply.text
	return str(reply.json()["access_token"])


def test_a_bearer_token_gets_the_contract(guest: Client, seller: str) -> None:
	token = get_bearer(guest, seller)
	bearer = Client(guest.base, guest.host, headers={"Authorization": f"Bearer {token}"})
	reply = bearer.get("orchestrator.crm.get_leads", limit_page_length=1)
	assert reply.status_code == 200, reply.text
	assert reply.json()["exc"] == ""
	assert int(reply.headers["X-RateLimit-Remaining"]) < 1000
	created = bearer.post(
		"frappe.client.insert", doctype="Lead", lead_name="Jane", email=factories.make_unique_email()
	)
	assert created.status_code == 201
	assert created.json()["data"]["owner"] == seller
	assert get_error(bearer.get(LIST, doctype="Salary Slip")) == (403, "PermissionError")


def test_a_revoked_bearer_token_is_401(guest: Client, seller: str) -> None:
	token = get_bearer(guest, seller)
	frappe.db.set_value("OAuth Bearer Token", token, "status", "Revoked")
	frappe.db.commit()
	reply = guest.get(LIST, headers={"Authorization": f"Bearer {token}"}, doctype="Lead")
	assert reply.status_code == 401
	assert reply.json()["exc_type"] == "AuthenticationError"


def test_a_session_without_a_browsers_headers_gets_the_contract(guest: Client, seller: str) -> None:
	session = Client(guest.base, guest.host).login(seller, factories.PASSWORD)
	reply = session.get(LIST, doctype="Lead", limit_page_length=1)
	assert reply.status_code == 200
	assert reply.json()["keys"] == ["name"]
	assert reply.headers["X-RateLimit-Remaining"] == "999"
	assert get_error(session.get(LIST, doctype="No Such")) == (404, "DoesNotExistError")


def test_basic_credentials_of_a_token_work(guest: Client, seller: str) -> None:
	basic = Client(guest.base, guest.host)
	basic.session.auth = factories.get_token(seller)
	assert basic.get(LIST, doctype="Lead").json()["exc"] == ""


def test_a_disabled_users_token_is_401(api: Callable[[str], Client], seller: str) -> None:
	client = api(seller)
	frappe.db.set_value("User", seller, "enabled", 0)
	frappe.db.commit()
	assert get_error(client.get(LIST, doctype="Lead")) == (401, "AuthenticationError")
