"""A retried POST gets the stored reply and is not executed again."""

import threading
from collections.abc import Callable

import pytest
import requests

import frappe

from tests.support import factories
from tests.support.client import Client, get_error

INSERT = "frappe.client.insert"


@pytest.fixture
def seller(api: Callable[[str], Client]) -> Client:
	return api(factories.make_user("Sales User").name)


def make_key() -> dict[str, str]:
	return {"Idempotency-Key": factories.make_unique("key")}


def build_lead(email: str) -> dict[str, str]:
	return {"doctype": "Lead", "lead_name": "Jane Smith", "email": email}


def test_the_same_request_replays_the_first_reply(seller: Client) -> None:
	headers, body = make_key(), build_lead(factories.make_unique_email())
	first = seller.post(INSERT, headers=headers, **body)
	again = seller.post(INSERT, headers=headers, **body)
	assert first.status_code == again.status_code == 201
	assert again.json() == first.json()
	assert "Idempotency-Replayed" not in first.headers
	assert again.headers["Idempotency-Replayed"] == "true"
	assert frappe.db.count("Lead", {"email_id": body["email"]}) == 1


def test_the_same_key_with_another_body_or_method_is_409(seller: Client) -> None:
	headers, email = make_key(), factories.make_unique_email()
	name = seller.post(INSERT, headers=headers, **build_lead(email)).json()["data"]["name"]
	other = seller.post(INSERT, headers=headers, **build_lead(factories.make_unique_email()))
	assert other.status_code == 409
	assert other.json()["exc_type"] == "ConflictError"
	assert get_error(seller.post("frappe.client.delete", headers=headers, doctype="Lead", name=name)) == (
		409,
		"ConflictError",
	)


def test_a_failed_request_may_be_repeated(seller: Client) -> None:
	headers, email = make_key(), factories.make_unique_email()
	assert get_error(seller.post(INSERT, headers=headers, **build_lead(email), source="No Such Source")) == (
		422,
		"LinkValidationError",
	)
	assert seller.post(INSERT, headers=headers, **build_lead(email)).status_code == 201


def test_keys_belong_to_their_user(api: Callable[[str], Client]) -> None:
	headers, body = make_key(), build_lead(factories.make_unique_email())
	assert (
		api(factories.make_user("Sales User").name).post(INSERT, headers=headers, **body).status_code == 201
	)
	other = api(factories.make_user("Sales User").name).post(INSERT, headers=headers, **body)
	assert other.status_code == 409
	assert other.json()["exc_type"] == "DuplicateEntryError"


def test_an_expired_key_is_free_again(seller: Client) -> None:
	headers, body = make_key(), build_lead(factories.make_unique_email())
	name = seller.post(INSERT, headers=headers, **body).json()["data"]["name"]
	frappe.db.sql("update `tabIdempotency Record` set expires_at = now() - interval 2 day")
	frappe.db.commit()
	frappe.delete_doc("Lead", name)
	frappe.db.commit()
	again = seller.post(INSERT, headers=headers, **body)
	assert again.status_code == 201, again.text
	assert "Idempotency-Replayed" not in again.headers


def test_expired_keys_are_deleted_daily(seller: Client) -> None:
	from orchestrator.api.idempotency import delete_expired_replies

	seller.post(INSERT, headers=make_key(), **build_lead(factories.make_unique_email()))
	frappe.db.sql("update `tabIdempotency Record` set expires_at = now() - interval 2 day")
	seller_key = make_key()
	delete_expired_replies()
	frappe.db.commit()
	assert frappe.db.count("Idempotency Record") == 0
	assert (
		seller.post(INSERT, headers=seller_key, **build_lead(factories.make_unique_email())).status_code
		== 201
	)
	assert frappe.db.count("Idempotency Record") == 1


def test_a_key_too_long_is_400(seller: Client) -> None:
	email = factories.make_unique_email()
	reply = seller.post(INSERT, headers={"Idempotency-Key": "k" * 256}, **build_lead(email))
	assert get_error(reply) == (400, "InvalidRequestError")
	assert not frappe.db.exists("Lead", {"email_id": email})


def test_parallel_retries_create_once(api: Callable[[str], Client], seller: Client) -> None:
	headers, body = make_key(), build_lead(factories.make_unique_email())
	replies: list[requests.Response] = []

	def send() -> None:
		own = Client(seller.base, seller.host, headers=dict(seller.headers))
		replies.append(own.post(INSERT, headers=headers, **body))

	threads = [threading.Thread(target=send) for _ in range(4)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	# The others may get 409; none may create a second lead, and a retry gets the first reply.
	assert {reply.status_code for reply in replies} <= {201, 409}
	created = {reply.json()["data"]["name"] for reply in replies if reply.status_code == 201}
	assert len(created) == 1
	assert frappe.db.count("Lead", {"email_id": body["email"]}) == 1
	assert seller.post(INSERT, headers=headers, **body).json()["data"]["name"] == created.pop()


def test_an_upload_is_replayed_too(seller: Client) -> None:
	headers, name = make_key(), f"{factories.make_unique('file')}.txt"
	send = {"files": {"file": (name, b"hello")}, "data": {"is_private": "1"}, "headers": headers}
	first = seller.request("POST", "/api/method/upload_file", **send)
	again = seller.request("POST", "/api/method/upload_file", **send)
	assert first.status_code == again.status_code == 201, first.text
	assert again.json()["data"]["name"] == first.json()["data"]["name"]
	send["files"] = {"file": (name, b"other")}
	assert get_error(seller.request("POST", "/api/method/upload_file", **send)) == (409, "ConflictError")
