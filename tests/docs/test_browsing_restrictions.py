"""What API keys, user permissions, deletions and odd requests change in folder pages and previews."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import frappe

from orchestrator.docs import browsing, conversion
from tests.conftest import Callers
from tests.docs.test_previews import build_png, build_word_file
from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import METHOD, list_audit_actions, make_document, make_folder, make_person
from tests.support.keys import KeyMaker

METHODS = [f"{METHOD}{name}" for name in ("get_folder", "get_preview", "approve_version", "get_access")]


@pytest.fixture(scope="module")
def place(frappe_site: str) -> dict[str, str]:
	writer = make_person("Sales User")
	folder = make_folder(("User", writer, "Write"))
	return {
		"writer": writer,
		"folder": folder,
		"inner": make_folder(parent_document_folder=folder),
		"first": make_document(folder, b"one", title="1.txt"),
		"second": make_document(folder, b"two", title="2.txt"),
	}


@pytest.fixture(scope="module")
def keys(place: dict[str, str], callers: Callers) -> KeyMaker:
	return KeyMaker(callers.api(place["writer"]))


def list_page(client: Client, place: dict[str, str]) -> list[str]:
	"""Return the names of the folders and documents on the page of the folder."""
	page = get_data(client.get(f"{METHOD}get_folder", folder=place["folder"]))
	return [item["name"] for item in page["folders"]] + [row["document"] for row in page["documents"]]


def test_a_key_that_may_read_documents_has_read_access_only(
	site: str, place: dict[str, str], keys: KeyMaker
) -> None:
	key = keys.client(methods=METHODS, doctypes={"Document": ["read"], "Document Folder": ["read"]})
	assert list_page(key, place) == [place["inner"], place["first"], place["second"]]
	assert get_data(key.get(f"{METHOD}get_access", folder=place["folder"]))["access"] == "Read"
	assert get_data(key.get(f"{METHOD}get_preview", document=place["first"]))["text"] == "one"
	assert get_error(key.post(f"{METHOD}approve_version", document=place["first"])) == (
		403,
		"PermissionError",
	)
	assert frappe.db.get_value("Document", place["first"], "status") == "Draft"


def test_a_key_without_documents_gets_nothing(site: str, place: dict[str, str], keys: KeyMaker) -> None:
	key = keys.client(methods=METHODS, doctypes={"Lead": ["read"]})
	before = list_audit_actions(place["first"])
	replies = [
		key.get(f"{METHOD}get_folder", folder=place["folder"]),
		key.get(f"{METHOD}get_access", folder=place["folder"]),
		key.get(f"{METHOD}get_preview", document=place["first"]),
	]
	assert [reply.status_code for reply in replies] == [403, 403, 403]
	assert list_audit_actions(place["first"]) == before


@pytest.fixture
def restricted(place: dict[str, str]) -> Iterator[Callable[[str, str], None]]:
	"""Return `restrict(doctype, name)`, which leaves the writer this record of the DocType only."""
	frappe.set_user("Administrator")
	made: list[str] = []

	def restrict(doctype: str, name: str) -> None:
		permission = factories.make_record(
			"User Permission", user=place["writer"], allow=doctype, for_value=name
		)
		made.append(permission.name)
		frappe.db.commit()

	yield restrict
	frappe.db.rollback()
	for name in made:
		frappe.delete_doc("User Permission", name, force=True)
	frappe.db.commit()


def test_user_permissions_narrow_a_folder_page(
	place: dict[str, str], api: Callable[[str], Client], restricted: Callable[[str, str], None]
) -> None:
	restricted("Document", place["second"])
	client = api(place["writer"])
	assert list_page(client, place) == [place["inner"], place["second"]]
	refused = client.get(f"{METHOD}get_preview", document=place["first"])
	assert get_error(refused) == (404, "DoesNotExistError")


def test_a_deleted_document_leaves_no_preview(place: dict[str, str], site: str) -> None:
	document = make_document(place["folder"], build_word_file("x"), title=f"{frappe.generate_hash()}.docx")
	frappe.delete_doc("Document", document)
	frappe.db.commit()
	conversion.convert_version(f"{document}-v1")


@pytest.mark.parametrize(
	("params", "status"),
	[
		({"version": "../../../etc/passwd"}, 404),
		({"version": "DOC-00000-v1"}, 404),
		({"version": "x"}, 404),
		({}, 400),
	],
)
def test_odd_versions_are_refused(
	place: dict[str, str], api: Callable[[str], Client], params: dict[str, str], status: int
) -> None:
	assert api(place["writer"]).get(f"{METHOD}download_preview", **params).status_code == status


def test_a_part_of_an_image_has_the_same_policy(place: dict[str, str], api: Callable[[str], Client]) -> None:
	document = make_document(place["folder"], build_png(), title=f"{frappe.generate_hash()}.png")
	reply = api(place["writer"]).get(
		f"{METHOD}download_preview", headers={"Range": "bytes=0-7"}, document=document
	)
	assert (reply.status_code, reply.content) == (206, build_png()[:8])
	assert reply.headers["Content-Security-Policy"].startswith("sandbox")


def test_a_step_of_a_batch_is_checked_like_a_call(
	place: dict[str, str], api: Callable[[str], Client]
) -> None:
	client = api(make_person("Sales User"))
	step = {"id": "a", "method": f"{METHOD}get_preview", "params": {"document": place["first"]}}
	reply = client.post("orchestrator.api.batch", steps=[step])
	assert '"text"' not in reply.text and "DoesNotExistError" in reply.text


def count_statements() -> int:
	return int(frappe.db.sql("show session status like 'Questions'")[0][1])


def measure_page(folder: str, user: str) -> int:
	"""Return the statements of a folder page, without those that Frappe caches."""
	frappe.set_user(user)
	counts: list[int] = []
	for _round in range(2):
		frappe.local.document_access = None
		before = count_statements()
		browsing.build_folder_page(folder, "title asc", 0, 100)
		counts.append(count_statements() - before - 1)
	return counts[-1]


def test_the_statements_of_a_page_do_not_depend_on_its_length(place: dict[str, str], site: str) -> None:
	folder = make_folder(("User", place["writer"], "Write"))
	make_document(folder, title="0.txt")
	make_folder(parent_document_folder=folder)
	few = measure_page(folder, place["writer"])
	frappe.set_user("Administrator")
	for number in range(1, 12):
		make_document(folder, title=f"{number}.txt")
		make_folder(parent_document_folder=folder)
	assert measure_page(folder, place["writer"]) == few <= 14


def call_in_browser(client: Client, **params: Any) -> dict[str, Any]:
	reply: dict[str, Any] = client.get(f"{METHOD}get_folder", **params).json()
	return reply


def test_desk_gets_the_same_page(
	place: dict[str, str], browser: Callable[[str, str], Client], api: Callable[[str], Client]
) -> None:
	desk = call_in_browser(browser(place["writer"], factories.PASSWORD), folder=place["folder"])
	assert desk["data"] == get_data(api(place["writer"]).get(f"{METHOD}get_folder", folder=place["folder"]))
