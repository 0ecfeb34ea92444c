"""The approved version of a document."""

import io
import json
from collections.abc import Callable

import pytest

import frappe

from orchestrator.docs import changes
from orchestrator.docs.versions import IncomingFile
from orchestrator.patches import fill_approved_versions
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import METHOD, make_document, make_folder, make_person

APPROVE = f"{METHOD}approve_version"


@pytest.fixture(scope="module")
def place(frappe_site: str) -> dict[str, str]:
	people = {"reader": make_person("Sales User"), "writer": make_person("Sales User")}
	grants = (("User", people["reader"], "Read"), ("User", people["writer"], "Write"))
	return people | {"folder": make_folder(*grants)}


@pytest.fixture
def writer(place: dict[str, str], api: Callable[[str], Client]) -> Client:
	return api(place["writer"])


def add_version(document: str, content: bytes) -> None:
	changes.create_version(document, IncomingFile(io.BytesIO(content)), None)
	frappe.db.commit()


def get_approval(document: str) -> tuple[str, int]:
	frappe.db.rollback()
	return frappe.db.get_value("Document", document, ["status", "approved_version"])


def set_status(client: Client, document: str, status: str) -> None:
	get_data(
		client.post(
			"frappe.client.set_value", doctype="Document", name=document, fieldname="status", value=status
		)
	)


def test_a_later_version_is_not_approved(place: dict[str, str], writer: Client) -> None:
	document = make_document(place["folder"])
	set_status(writer, document, "Approved")
	assert get_approval(document) == ("Approved", 1)
	add_version(document, b"second")
	assert get_approval(document) == ("Approved", 1)
	standing = get_data(writer.post(APPROVE, document=document))
	assert (standing["status"], standing["approved_version"], standing["current_version"]) == (
		"Approved",
		2,
		2,
	)


def test_an_earlier_version_can_be_approved_and_a_repetition_changes_nothing(
	place: dict[str, str], writer: Client
) -> None:
	document = make_document(place["folder"])
	add_version(document, b"second")
	get_data(writer.post(APPROVE, document=document, version=1))
	modified = frappe.db.get_value("Document", document, "modified")
	get_data(writer.post(APPROVE, document=document, version=1))
	assert get_approval(document) == ("Approved", 1)
	assert frappe.db.get_value("Document", document, "modified") == modified


def test_the_approved_version_stays_known_in_the_next_review(place: dict[str, str], writer: Client) -> None:
	document = make_document(place["folder"])
	get_data(writer.post(APPROVE, document=document))
	set_status(writer, document, "In Review")
	assert get_approval(document) == ("In Review", 1)


@pytest.mark.parametrize(
	("person", "params", "refusal"),
	[
		("reader", {}, (403, "PermissionError")),
		("writer", {"version": 9}, (404, "DoesNotExistError")),
		("writer", {"version": "two"}, (400, "InvalidRequestError")),
	],
)
def test_approvals_are_refused_and_change_nothing(
	place: dict[str, str],
	api: Callable[[str], Client],
	person: str,
	params: dict[str, object],
	refusal: tuple[int, str],
) -> None:
	document = make_document(place["folder"])
	assert get_error(api(place[person]).post(APPROVE, document=document, **params)) == refusal
	assert get_approval(document) == ("Draft", 0)


def test_nobody_sets_the_approved_version_itself(place: dict[str, str], writer: Client) -> None:
	document = make_document(place["folder"])
	reply = writer.post(
		"frappe.client.set_value", doctype="Document", name=document, fieldname="approved_version", value=1
	)
	assert reply.status_code == 422
	assert get_approval(document) == ("Draft", 0)


def test_the_upgrade_finds_the_version_that_was_approved(place: dict[str, str], writer: Client) -> None:
	document = make_document(place["folder"])
	set_status(writer, document, "Approved")
	add_version(document, b"second")
	frappe.db.set_value("Document", document, "approved_version", 0, update_modified=False)
	fill_approved_versions.execute()
	frappe.db.commit()
	assert get_approval(document) == ("Approved", 1)
	details = frappe.get_all(
		"Document Audit Entry",
		{"document": document, "action": "Changed"},
		pluck="details",
		order_by="creation asc",
	)
	assert json.loads(details[0]) == {"fields": ["status", "approved_version"]}
