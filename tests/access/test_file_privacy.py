"""`is_private`: accepted values are honoured and others refused, by every route."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

import frappe

from tests.support import factories
from tests.support.client import Client, get_data

Api = Callable[[str], Client]
PRIVATE = ["1", "true", "True", "TRUE", " true "]
PUBLIC = ["0", "false", "False", ""]
NEITHER = ["yes", "no", "on", "2", "-1", "private", "null", "NaN"]
UPLOADS = [
	"/api/method/upload_file",
	"/api/method/frappe.handler.upload_file",
	"/api/v1/method/upload_file",
	"/api/v2/method/upload_file",
	"/?cmd=upload_file",
]


@pytest.fixture
def seller(api: Api) -> Client:
	return api(factories.make_user("Sales User").name)


def upload(client: Client, path: str, is_private: str, **headers: str) -> requests.Response:
	files = {"file": (f"{factories.make_unique('file')}.txt", factories.make_unique("text").encode())}
	return client.request("POST", path, files=files, data={"is_private": is_private}, headers=headers)


def get_stored(reply: requests.Response) -> tuple[int, str]:
	assert reply.ok, reply.text
	body = reply.json()
	name = (body.get("data") or body.get("message"))["name"]
	is_private, url = frappe.db.get_value("File", name, ["is_private", "file_url"])
	return is_private, url.split("/")[1]


@pytest.mark.parametrize("path", UPLOADS)
@pytest.mark.parametrize(
	("value", "expected"),
	[*((value, (1, "private")) for value in PRIVATE), *((value, (0, "files")) for value in PUBLIC)],
)
def test_is_private_of_upload_decides_its_folder(
	seller: Client, path: str, value: str, expected: tuple[int, str]
) -> None:
	assert get_stored(upload(seller, path, value)) == expected


@pytest.mark.parametrize("value", NEITHER)
@pytest.mark.parametrize("path", UPLOADS)
def test_upload_with_invalid_is_private_is_rejected(seller: Client, path: str, value: object) -> None:
	files = frappe.db.count("File")
	reply = upload(seller, path, value)
	assert (reply.status_code, reply.json()["exc_type"]) == (400, "InvalidRequestError"), value
	assert frappe.db.count("File") == files


def test_browser_upload_follows_the_same_is_private_rules(seller: Client) -> None:
	browser = {"X-Requested-With": "XMLHttpRequest"}
	assert get_stored(upload(seller, UPLOADS[0], "true", **browser)) == (1, "private")
	assert get_stored(upload(seller, UPLOADS[3], "true", **browser)) == (1, "private")
	assert upload(seller, UPLOADS[0], "yes", **browser).status_code == 417


def build_file_body(is_private: Any) -> dict[str, Any]:
	return {
		"doctype": "File",
		"file_name": f"{factories.make_unique('file')}.txt",
		"content": factories.make_unique("text"),
		"is_private": is_private,
	}


def insert_file(client: Client, route: str, is_private: Any) -> requests.Response:
	body = build_file_body(is_private)
	if route == "doc":
		return client.post("frappe.client.insert", doc=body)
	return client.request("POST", route, json=body)


@pytest.mark.parametrize("route", ["doc", "/api/resource/File", "/api/v2/document/File"])
@pytest.mark.parametrize(
	("value", "expected"),
	[
		*((value, (1, "private")) for value in ("true", True, 1)),
		*((value, (0, "files")) for value in ("false", False, 0)),
	],
)
def test_is_private_of_inserted_file_decides_its_folder(
	seller: Client, route: str, value: object, expected: tuple[int, str]
) -> None:
	assert get_stored(insert_file(seller, route, value)) == expected


@pytest.mark.parametrize("route", ["doc", "/api/resource/File", "/api/v2/document/File"])
@pytest.mark.parametrize("value", ["yes", 2])
def test_inserted_file_with_invalid_is_private_is_rejected(seller: Client, route: str, value: object) -> None:
	files = frappe.db.count("File")
	assert insert_file(seller, route, value).status_code in (400, 417)
	frappe.db.rollback()
	assert frappe.db.count("File") == files


@pytest.mark.parametrize("word", ["yes", "true"])
def test_invalid_is_private_does_not_publish_a_file(api: Api, word: str) -> None:
	client = api("Administrator")
	name = get_data(insert_file(client, "doc", True), 201)["name"]
	client.request("PUT", f"/api/resource/File/{name}", json={"is_private": word})
	is_private, url = frappe.db.get_value("File", name, ["is_private", "file_url"])
	assert (is_private, url.startswith("/private/")) == (1, True), word


def insert_by(client: Client, route: str, is_private: Any) -> tuple[requests.Response, str]:
	"""Insert a file as a record by a method of Frappe's own. Returns the reply and the file's name on disk."""
	body = build_file_body(is_private)
	match route:
		case "frappe.client.insert_many":
			arguments = {"docs": frappe.as_json([body])}
		case "frappe.desk.form.save.savedocs":
			new = {**body, "name": "new-file-1", "__islocal": 1}
			arguments = {"doc": frappe.as_json(new), "action": "Save"}
		case _:
			arguments = {"doc": frappe.as_json(body)}
	return client.request("POST", get_route(route), data=arguments), body["file_name"]


def get_route(route: str) -> str:
	return route if route.startswith("/") else f"/api/method/{route}"


SAVING_METHODS = [
	"frappe.client.save",
	"/api/v2/method/frappe.client.save",
	"frappe.client.insert_many",
	"frappe.desk.form.save.savedocs",
]


@pytest.mark.parametrize("route", SAVING_METHODS)
@pytest.mark.parametrize("value", ["true", "True", " 1 ", True, 1])
def test_is_private_of_file_saved_by_other_methods_is_respected(api: Api, route: str, value: object) -> None:
	reply, file_name = insert_by(api("Administrator"), route, value)
	assert reply.ok, reply.text
	is_private, url = frappe.db.get_value("File", {"file_name": file_name}, ["is_private", "file_url"])
	assert (is_private, url) == (1, f"/private/files/{file_name}")
	assert Path(frappe.get_site_path("private", "files", file_name)).exists()


@pytest.mark.parametrize("route", SAVING_METHODS)
@pytest.mark.parametrize("value", ["yes", "on", "private", 2])
def test_invalid_is_private_is_rejected_by_other_methods(api: Api, route: str, value: object) -> None:
	reply, file_name = insert_by(api("Administrator"), route, value)
	assert reply.status_code == 417, reply.text
	assert not frappe.db.exists("File", {"file_name": file_name})
	assert not Path(frappe.get_site_path("public", "files", file_name)).exists()
	assert not Path(frappe.get_site_path("private", "files", file_name)).exists()


@pytest.mark.parametrize("route", ["frappe.client.save", "frappe.desk.form.save.savedocs"])
@pytest.mark.parametrize("word", ["yes", "true", "on"])
def test_a_private_file_stays_private_after_changes(api: Api, route: str, word: str) -> None:
	client = api("Administrator")
	name = get_data(insert_file(client, "doc", True), 201)["name"]
	doc = {**frappe.get_doc("File", name).as_dict(convert_dates_to_str=True), "is_private": word}
	client.request("POST", get_route(route), data={"doc": frappe.as_json(doc), "action": "Save"})
	frappe.db.rollback()
	is_private, url = frappe.db.get_value("File", name, ["is_private", "file_url"])
	assert (is_private, url.startswith("/private/")) == (1, True)
