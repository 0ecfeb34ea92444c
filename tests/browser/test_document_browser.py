"""The document browser, and the form of a document, in a browser."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

import frappe

from orchestrator.docs import changes
from orchestrator.docs.versions import IncomingFile
from tests.docs.test_previews import HTML, SVG, build_png
from tests.docs.test_search import build_pdf_file
from tests.support.desk import Desk, close_dialog
from tests.support.docs_factories import list_audit_actions, make_document, make_folder, make_person

if TYPE_CHECKING:
	from playwright.sync_api import Page

OpenDesk = Callable[[str], Desk]
DROP = """([selector, names]) => {
	const data = new DataTransfer();
	names.forEach((name) => data.items.add(new File([`content of ${name}`], name)));
	const target = document.querySelector(selector);
	for (const kind of ["dragover", "drop"]) {
		target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
	}
}"""


@pytest.fixture
def place(site: str) -> dict[str, str]:
	"""Return a closed folder, in it a folder that one user may read and another may write, and the two users."""
	people = {"reader": make_person("Sales User"), "writer": make_person("Sales User")}
	closed = make_folder(("User", people["writer"], "Read"))
	grants = (("User", people["reader"], "Read"), ("User", people["writer"], "Manage"))
	return people | {"closed": closed, "folder": make_folder(*grants, parent_document_folder=closed)}


def open_folder(open_desk: OpenDesk, user: str, folder: str) -> "Page":
	return open_desk(user).open(f"/app/document-browser/folder/{folder}", ".doc-path [aria-current]")


def add_version(document: str, content: bytes, notes: str | None = None) -> None:
	changes.create_version(document, IncomingFile(io.BytesIO(content)), notes)
	frappe.db.commit()


def list_titles(folder: str) -> list[tuple[str, int]]:
	frappe.db.rollback()
	return [
		(row.title, row.current_version)
		for row in frappe.get_all(
			"Document", {"document_folder": folder}, ["title", "current_version"], order_by="title asc"
		)
	]


def test_files_are_dropped_and_folders_are_created(open_desk: OpenDesk, place: dict[str, str]) -> None:
	make_document(place["folder"], b"earlier", title="b.txt")
	page = open_folder(open_desk, place["writer"], place["folder"])
	page.wait_for_selector("[data-document]")
	page.evaluate(DROP, [".doc-content", ["a.txt", "b.txt", "c.txt"]])
	page.wait_for_selector(".doc-uploads .is-done >> nth=2")
	notes = page.locator(".doc-upload-note").all_inner_texts()
	assert notes == ["Uploaded", "Added as version 2", "Uploaded"]
	page.wait_for_selector(".doc-item >> nth=2")
	assert list_titles(place["folder"]) == [("a.txt", 1), ("b.txt", 2), ("c.txt", 1)]
	page.click(".doc-uploads header button")
	page.click(".page-actions .btn-secondary")
	page.fill(".modal.show input[data-fieldname=title]", "Consents")
	page.click(".modal.show .btn-modal-primary")
	page.wait_for_selector(".doc-item[data-folder] >> text=Consents")
	page.evaluate(DROP, [".doc-item[data-folder]", ["d.txt"]])
	page.wait_for_selector(".doc-uploads .is-done")
	folder = frappe.db.get_value("Document Folder", {"parent_document_folder": place["folder"]})
	assert list_titles(folder) == [("d.txt", 1)]


def test_the_keyboard_moves_opens_and_closes(open_desk: OpenDesk, place: dict[str, str]) -> None:
	inner = make_folder(parent_document_folder=place["folder"], title="Inner")
	first = make_document(place["folder"], b"one", title="1.txt")
	second = make_document(place["folder"], b"two", title="2.txt")
	page = open_folder(open_desk, place["reader"], place["folder"])
	page.focus(f"[data-folder='{inner}']")
	page.keyboard.press("ArrowDown")
	page.keyboard.press("ArrowDown")
	assert page.evaluate("document.activeElement.dataset.document") == second
	assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
	page.keyboard.press("ArrowUp")
	page.keyboard.press("Enter")
	page.wait_for_selector(".doc-text >> text=one")
	page.keyboard.press("Escape")
	page.wait_for_selector(".doc-sidebar", state="hidden")
	assert page.evaluate("document.activeElement.dataset.document") == first
	page.keyboard.press("Home")
	page.keyboard.press("Enter")
	page.wait_for_selector(".doc-path [aria-current] >> text=Inner")
	page.wait_for_selector(".doc-message >> text=This folder is empty")
	page.focus(".doc-path button >> nth=-1")
	page.keyboard.press("Enter")
	page.wait_for_selector(f"[data-document={first}]")
	page.focus(f"[data-document={first}]")
	page.keyboard.press("Backspace")
	page.wait_for_selector(f".doc-item[data-folder='{place['folder']}']")


def test_previews_show_files_and_run_nothing(open_desk: OpenDesk, place: dict[str, str]) -> None:
	shown = {
		".doc-pdf-page canvas": make_document(place["folder"], build_pdf_file("Admission"), title="a.pdf"),
		".doc-image": make_document(place["folder"], build_png(), title="b.png"),
		".doc-image[alt='c.svg']": make_document(place["folder"], SVG, title="c.svg"),
		".doc-text >> text=<script>": make_document(place["folder"], HTML, title="d.html"),
		".doc-table td >> text=<img": make_document(
			place["folder"], b"Name,Note\nAnn,<img src=x onerror=alert(1)>\n", title="e.csv"
		),
		".doc-preview[data-state=none] >> text=Download": make_document(
			place["folder"], b"\x00\x01", title="f.bin"
		),
	}
	page = open_folder(open_desk, place["reader"], place["folder"])
	dialogs: list[str] = []
	page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
	for selector, document in shown.items():
		page.click(f"[data-document={document}]")
		page.wait_for_selector(selector)
		page.click(".doc-sidebar [aria-label=Close]")
		page.wait_for_selector(".doc-sidebar", state="hidden")
	assert dialogs == []
	assert page.locator(".doc-sidebar script, .doc-sidebar iframe").count() == 0
	assert "Previewed" in list_audit_actions(shown[".doc-image"])


def test_versions_are_compared_restored_and_approved(open_desk: OpenDesk, place: dict[str, str]) -> None:
	document = make_document(place["folder"], b"Call 988.\nSign.\n", title="line.txt")
	notes = 'Clearer <img src="x">'  # what Frappe stores of HTML
	add_version(document, b"Call 988 at once.\nSign.\n", notes)
	page = open_desk(place["writer"]).open(f"/app/document-browser/document/{document}", ".doc-text")
	page.click("[data-tab=versions]")
	page.click(".doc-compare")
	page.wait_for_selector(".doc-diff ins")
	assert page.locator(".doc-notes").all_inner_texts() == [notes, ""]
	assert page.locator(".doc-diff ins").all_inner_texts() == [" at once"]
	assert page.locator(".doc-metadata th[scope=row]").all_inner_texts() == ["File Size", "Notes", "Date"]
	close_dialog(page)
	page.wait_for_selector(".doc-diff", state="hidden")
	page.click(".doc-versions li >> nth=0 >> text=Approve")
	page.wait_for_selector(".doc-sidebar-facts >> text=Approved v2")
	page.click(".doc-versions li >> nth=1 >> text=Restore")
	page.click(".modal.show .btn-modal-primary")
	page.wait_for_selector(".doc-sidebar-facts >> text=Approved v2, v3 is newer")
	page.wait_for_selector(".doc-versions li >> nth=2")
	assert page.locator(".doc-versions li b").all_inner_texts() == ["Version 3", "Version 2", "Version 1"]
	page.click("[data-tab=activity]")
	page.wait_for_selector(".doc-trail >> text=Version Restored")


def test_readers_are_told_whom_to_ask(open_desk: OpenDesk, place: dict[str, str]) -> None:
	document = make_document(place["folder"], b"text", title="line.txt")
	name = frappe.utils.get_fullname(place["writer"])
	desk = open_desk(place["reader"])
	page = desk.open("/app/document-folder/view/tree", f".tree-link[data-label='{place['folder']}']")
	page = desk.open(f"/app/document-browser/document/{document}", ".doc-text")
	page.wait_for_selector(f".doc-sidebar-notices >> text=Read only: ask {name} for write access.")
	assert page.locator(".doc-sidebar-actions > *").all_inner_texts() == ["Download", "⋯"]
	assert page.locator(".page-actions .btn-primary:visible").count() == 0
	page.click("[data-tab=access]")
	page.wait_for_selector(".doc-tab-panel >> text=Your access to")
	page = desk.open(f"/app/document/{document}", ".doc-text")
	page.wait_for_selector(f".form-message >> text=Read only: ask {name} for write access.")
	assert page.locator(".standard-actions .primary-action:visible").count() == 0
	assert page.locator("text=Add Version").count() == 0
	assert page.locator("[data-fieldname=file_size] .control-value").inner_text() == "4 B"


def test_a_search_marks_its_words(open_desk: OpenDesk, place: dict[str, str]) -> None:
	word = f"zz{frappe.generate_hash(length=10)}"
	document = make_document(place["folder"], b"x", title=f"{word.upper()} procedure.txt")
	page = open_folder(open_desk, place["reader"], place["folder"])
	page.fill("input[type=search]", word[:-1])
	page.wait_for_selector(".doc-path >> text=1 document found")
	assert page.locator(".doc-title mark").all_inner_texts() == [word[:-1].upper()]
	page.click(f"[data-document={document}]")
	page.wait_for_selector(".doc-text")
	page.click(".doc-sidebar [aria-label=Close]")
	page.fill("input[type=search]", "")
	page.wait_for_selector(".doc-path [aria-current]")


def test_the_browser_fills_the_screen(open_desk: OpenDesk, place: dict[str, str]) -> None:
	page = open_folder(open_desk, place["writer"], place["folder"])
	page.wait_for_selector(".page-actions .btn-primary:visible")
	box = page.locator(".doc-browser").bounding_box()
	free = page.evaluate("innerHeight") - box["y"] - box["height"]
	assert 0 <= free <= 20
