"""Requests with conditions, as the tests of conditional requests send them."""

import requests

from tests.support import factories
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


def make_item() -> str:
	return str(
		factories.make_record(
			"Item",
			item_code=factories.make_unique("Bed"),
			item_group="All Item Groups",
			stock_uom="Nos",
			is_stock_item=0,
		).name
	)


def make_opportunity_with_items() -> str:
	"""An opportunity with two rows in a child table."""
	return str(factories.make_opportunity(items=[{"item_code": make_item(), "qty": 1, "rate": 5}] * 2).name)
