"""Folders, their content and their access, as the document browser lists them."""

from typing import Any

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import METHOD, make_document, make_folder, make_person

TREE = "orchestrator.orchestrator.doctype.document_folder.document_folder.get_children"


@pytest.fixture(scope="module")
def tree(frappe_site: str) -> dict[str, str]:
	"""Return a tree of folders: Legal (closed), in it Cases (open to the reader), in that Old (closed) and in it
	Minutes (open to the reader again); a writer has access to Legal, and a manager manages it.
	"""
	people = {name: make_person("Sales User") for name in ("reader", "writer", "manager", "outsider")}
	legal = make_folder(("User", people["writer"], "Write"), ("User", people["manager"], "Manage"))
	cases = make_folder(("User", people["reader"], "Read"), parent_document_folder=legal)
	old = make_folder(parent_document_folder=cases, inherit_access=0)
	minutes = make_folder(("User", people["reader"], "Read"), parent_document_folder=old)
	return people | {"Legal": legal, "Cases": cases, "Old": old, "Minutes": minutes}


def list_names(folders: list[dict[str, Any]], tree: dict[str, str]) -> list[str]:
	"""Return the names in the fixture of those folders that belong to it, sorted."""
	known = {name: key for key, name in tree.items()}
	return sorted(known[folder["name"]] for folder in folders if folder["name"] in known)


@pytest.mark.parametrize(
	("person", "folder", "expected"),
	[
		("reader", None, ["Cases", "Minutes"]),
		("reader", "Cases", []),
		("writer", None, ["Legal"]),
		("writer", "Legal", ["Cases"]),
		("writer", "Cases", []),
		("manager", "Legal", ["Cases"]),
		("outsider", None, []),
	],
)
def test_the_tree_starts_at_the_topmost_readable_folders(
	tree: dict[str, str], api: Any, person: str, folder: str | None, expected: list[str]
) -> None:
	params = {"folder": tree[folder]} if folder else {}
	found = get_data(api(tree[person]).get(f"{METHOD}get_subfolders", **params))["folders"]
	assert list_names(found, tree) == expected


def test_a_manager_of_all_documents_sees_each_folder_once(tree: dict[str, str], admin: Client) -> None:
	def list_subfolders(name: str | None) -> list[str]:
		return [
			folder["name"]
			for folder in get_data(admin.get(f"{METHOD}get_subfolders", folder=name))["folders"]
		]

	top = list_subfolders(None)
	assert top == list_subfolders("Documents") and len(top) == len(set(top))
	assert tree["Legal"] in top and tree["Minutes"] not in top
	assert list_subfolders(tree["Old"]) == [tree["Minutes"]]


@pytest.mark.parametrize(
	("person", "parent", "expected"),
	[
		("reader", None, ["Documents"]),
		("reader", "Documents", ["Cases", "Minutes"]),
		("writer", "Legal", ["Cases"]),
		("reader", "Legal", ["Cases"]),
		("outsider", "Documents", []),
	],
)
def test_frappes_tree_view_shows_readable_folders(
	tree: dict[str, str], browser: Any, person: str, parent: str | None, expected: list[str]
) -> None:
	"""Also below a hidden folder, of which Desk then shows nothing but its children."""
	client = browser(tree[person], factories.PASSWORD)
	params = {"parent": tree.get(parent, parent)} if parent else {}
	nodes = client.get(TREE, doctype="Document Folder", **params).json()["message"]
	known = {name: key for key, name in tree.items()} | {"Documents": "Documents"}
	assert sorted(known[node["value"]] for node in nodes if node["value"] in known) == expected


def test_expand_all_of_frappes_tree_view_returns_every_readable_folder(
	tree: dict[str, str], browser: Any
) -> None:
	client = browser(tree["reader"], factories.PASSWORD)
	reply = client.get(
		"frappe.desk.treeview.get_all_nodes",
		doctype="Document Folder", label="Documents", parent="Documents", is_root="true", tree_method=TREE,
	)  # fmt: skip
	levels = reply.json()["message"]
	assert {node["value"] for level in levels for node in level["data"]} == {tree["Cases"], tree["Minutes"]}


def test_a_folder_page_has_path_subfolders_and_documents(tree: dict[str, str], api: Any) -> None:
	folder = make_folder(("User", tree["reader"], "Read"), parent_document_folder=tree["Cases"])
	names = [make_document(folder, title=f"{title}.txt") for title in ("b", "a", "c")]
	inner = make_folder(parent_document_folder=folder)
	page = get_data(api(tree["reader"]).get(f"{METHOD}get_folder", folder=folder, limit_page_length=2))
	assert page["folder"]["access"] == "Read"
	assert [crumb["name"] for crumb in page["breadcrumb"]] == [tree["Cases"], folder]
	assert [item["name"] for item in page["folders"]] == [inner]
	assert [row["document"] for row in page["documents"]] == [names[1], names[0]]
	assert page["has_more"] is True
	first = page["documents"][0]
	assert (first["file_size"], first["current_version"], first["mime_type"]) == (5, 1, "text/plain")
	rest = get_data(api(tree["reader"]).get(f"{METHOD}get_folder", folder=folder, limit_start=2))
	assert [row["document"] for row in rest["documents"]] == [names[2]] and rest["has_more"] is False


@pytest.mark.parametrize(
	("order", "expected"),
	[("title desc", "cba"), ("file_size desc", "bca"), ("file_size asc", "acb"), ("modified asc", "abc")],
)
def test_documents_are_ordered_as_asked(tree: dict[str, str], api: Any, order: str, expected: str) -> None:
	folder = make_folder(("User", tree["reader"], "Read"))
	for title, content in (("a", b"1"), ("b", b"333"), ("c", b"22")):
		make_document(folder, content, title=title)
	page = get_data(api(tree["reader"]).get(f"{METHOD}get_folder", folder=folder, order_by=order))
	assert "".join(row["title"] for row in page["documents"]) == expected


def test_home_lists_the_topmost_folders_to_users_without_access_to_the_root(
	tree: dict[str, str], api: Any
) -> None:
	home = get_data(api(tree["reader"]).get(f"{METHOD}get_folder"))
	assert home["folder"] is None and home["documents"] == [] and home["breadcrumb"] == []
	assert list_names(home["folders"], tree) == ["Cases", "Minutes"]
	assert get_data(api("Administrator").get(f"{METHOD}get_folder"))["folder"]["name"] == "Documents"


@pytest.mark.parametrize(
	("method", "params", "refusal"),
	[
		("get_folder", {"folder": "Legal"}, (404, "DoesNotExistError")),
		("get_folder", {"folder": "no such folder"}, (404, "DoesNotExistError")),
		("get_folder", {"order_by": "sleep(1)"}, (400, "InvalidRequestError")),
		("get_folder", {"limit_page_length": "0"}, (400, "InvalidRequestError")),
		("get_subfolders", {"folder": "Legal"}, (404, "DoesNotExistError")),
		("get_access", {"folder": "Legal"}, (404, "DoesNotExistError")),
		("get_access", {"document": "DOC-none"}, (404, "DoesNotExistError")),
		("get_access", {}, (400, "InvalidRequestError")),
		("get_access", {"document": "x", "folder": "Cases"}, (400, "InvalidRequestError")),
	],
)
def test_hidden_and_malformed_requests_are_refused(
	tree: dict[str, str], api: Any, method: str, params: dict[str, str], refusal: tuple[int, str]
) -> None:
	sent = {key: tree.get(value, value) for key, value in params.items()}
	assert get_error(api(tree["reader"]).get(f"{METHOD}{method}", **sent)) == refusal


@pytest.mark.parametrize(
	"method", ["get_folder", "get_subfolders", "get_access", "get_preview", "approve_version"]
)
def test_guests_are_refused(guest: Client, method: str) -> None:
	reply = guest.post(f"{METHOD}{method}", document="DOC-00001")
	assert reply.status_code in (401, 403)


def test_access_names_grants_of_readable_folders_only(tree: dict[str, str], api: Any) -> None:
	document = make_document(tree["Cases"])
	seen = get_data(api(tree["reader"]).get(f"{METHOD}get_access", document=document))
	assert seen["access"] == "Read" and seen["contacts"] == ["Orchestrator Manager"]
	assert [(grant["grantee"], grant["inherited"]) for grant in seen["grants"]] == [(tree["reader"], False)]
	all_of_it = get_data(api(tree["manager"]).get(f"{METHOD}get_access", document=document))
	assert all_of_it["access"] == "Manage"
	assert [(grant["grantee"], grant["access"], grant["inherited"]) for grant in all_of_it["grants"]] == [
		(tree["reader"], "Read", False),
		(tree["writer"], "Write", True),
		(tree["manager"], "Manage", True),
	]
	assert all_of_it["contacts"] == [frappe.utils.get_fullname(tree["manager"])]


def test_access_stops_at_a_folder_that_does_not_inherit(tree: dict[str, str], admin: Client) -> None:
	seen = get_data(admin.get(f"{METHOD}get_access", folder=tree["Minutes"]))
	assert [grant["grantee"] for grant in seen["grants"]] == [tree["reader"]]


@pytest.mark.parametrize(
	("person", "level"), [("reader", "Read"), ("writer", "Write"), ("manager", "Manage")]
)
def test_the_form_knows_the_readers_access(
	tree: dict[str, str], browser: Any, person: str, level: str
) -> None:
	document = make_document(tree["Cases"])
	client = browser(tree[person], factories.PASSWORD)
	reply = client.get("frappe.desk.form.load.getdoc", doctype="Document", name=document).json()
	assert reply["docs"][0]["__onload"]["access"]["access"] == level
