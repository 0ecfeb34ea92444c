"""Create folders, documents and versions for tests, and find their stored content."""

import io
from pathlib import Path
from typing import Any

import requests

import frappe
from frappe.model.document import Document

from orchestrator.docs import access, changes, documents, storage
from orchestrator.docs.versions import IncomingFile
from tests.support import factories
from tests.support.client import Client

METHOD = "orchestrator.docs."


def make_folder(*grants: tuple[str, str, str], **values: Any) -> str:
	"""Create a folder below Documents; grants are (Role, Department or User; who; Read, Write or Manage)."""
	frappe.set_user("Administrator")
	access.clear_cached_levels()
	rows = [{"grantee_type": kind, "grantee": who, "level": level} for kind, who, level in grants]
	defaults = {"title": factories.make_unique("Folder"), "access": rows}
	return factories.make_record("Document Folder", **{**defaults, **values}).name


def make_document(folder: str, content: bytes | None = b"first", **values: Any) -> str:
	"""Create a document, with a first version unless `content` is None."""
	frappe.set_user("Administrator")
	access.clear_cached_levels()
	title = values.pop("title", f"{factories.make_unique('Document')}.txt")
	name = str(documents.create_document(folder, title, **values).name)
	if content is not None:
		changes.create_version(name, IncomingFile(io.BytesIO(content)), None)
	frappe.db.commit()
	return name


def make_person(*roles: str) -> str:
	return factories.make_user(*roles).name


def upload(client: Client, folder: str, name: str, content: bytes, **form: str) -> requests.Response:
	return client.request(
		"POST", "/api/method/upload_file", files={"file": (name, content)}, data={"folder": folder, **form}
	)


def download(client: Client, document: str, version: int | None = None) -> requests.Response:
	number = {"version": version} if version else {}
	return client.get(f"{METHOD}download", document=document, **number)


def get_stored_path(document: str, number: int = 1) -> Path:
	frappe.db.rollback()
	key = frappe.db.get_value("Document Version", f"{document}-v{number}", "storage_key")
	return storage.get_path(key)


def list_keys_on_disk() -> set[str]:
	return {key for key, _written in storage.list_keys()}


def list_audit_actions(document: str) -> list[str]:
	"""Return the actions in the audit trail of a document, first to last."""
	frappe.db.rollback()
	return frappe.get_all(
		"Document Audit Entry", {"document": document}, order_by="creation asc", pluck="action"
	)


def list_version_rows(document: str) -> list[Document]:
	frappe.db.rollback()
	return frappe.get_all("Document Version", {"document": document}, ["*"], order_by="number asc")
