"""Requests with conditions, as the tests of conditional requests send them."""

import requests

from tests.support.client import Client

GET, GET_LIST = "frappe.client.get", "frappe.client.get_list"
INSERT, SET, DELETE = "frappe.client.insert", "frappe.client.set_value", "frappe.client.delete"
MISSING_STATE = f'"{"0" * 32}.{"0" * 32}"'


def read(client: Client, doctype: str, name: str, etag: str | None = None) -> requests.Response:
	"""frappe.client.get, with If-None-Match where an ETag is given."""
	headers = {} if etag is None else {"If-None-Match": etag}
	return client.get(GET, headers=headers, doctype=doctype, name=name)


def get_etag(client: Client, doctype: str, name: str) -> str:
	"""The ETag of a record as the client reads it."""
	reply = read(client, doctype, name)
	assert reply.status_code == 200, reply.text
	return str(reply.headers["ETag"])


def write(client: Client, doctype: str, name: str, etag: str | None, **values: object) -> requests.Response:
	"""frappe.client.set_value, with If-Match where an ETag is given."""
	headers = {} if etag is None else {"If-Match": etag}
	return client.post(SET, headers=headers, doctype=doctype, name=name, **values)


def get_path(doctype: str, name: str, version: str = "") -> str:
	"""The path of a record on the routes that Frappe answers itself."""
	return f"/api/v2/document/{doctype}/{name}" if version == "v2" else f"/api/resource/{doctype}/{name}"


def get_refusal(reply: requests.Response) -> tuple[int, str]:
	"""The status of a refusal and what kind it is, in the form of any route."""
	body = reply.json()
	return reply.status_code, body["exc_type"] if "exc_type" in body else body["errors"][0]["type"]
