"""Search over titles, tags, notes and the text inside files, by MariaDB's full-text index."""

from typing import Any

import frappe
from frappe import _
from frappe.desk.reportview import build_match_conditions

from orchestrator.docs import text
from orchestrator.docs.search_terms import build_expression, build_terms, find_first_word
from orchestrator.docs.shapes import Hit
from orchestrator.doctypes import DOCUMENT, DOCUMENT_TEXT, DOCUMENT_VERSION
from orchestrator.exceptions import InvalidRequestError, refuse
from orchestrator.rows import upsert_rows

INDEX = "searchable"
COLUMNS = ("title", "tags", "notes", "content", "terms", "content_terms")
MATCH = f"MATCH({', '.join(f't.{column}' for column in COLUMNS)}) AGAINST (%(words)s IN BOOLEAN MODE)"
MAX_WORDS = 12
SNIPPET_BEFORE, SNIPPET_LENGTH = 60, 200
JOB = "orchestrator.docs.fulltext.extract_text"


def search_page(query: str, folders: list[str] | None, start: int, length: int) -> list[Hit]:
	"""Return the documents that contain every word and that the caller may read, best match first."""
	values: dict[str, Any] = {
		"words": _build_search_expression(query),
		"start": start,
		"length": length,
		"folders": folders or [],
	}
	scores = dict(frappe.db.sql(build_statement(bool(folders)), values))
	rows = {row.name: row for row in _build_hits(list(scores), find_first_word(query))} if scores else {}
	return [_build_hit(rows[name], score) for name, score in scores.items()]


def _build_search_expression(query: str) -> str:
	"""Return the words to search for, without MariaDB's operators. 400 if there are none."""
	expression = build_expression(query, MAX_WORDS)
	if not expression:
		refuse(_("Send at least one word of two or more letters or digits."), InvalidRequestError)
	return expression


def build_statement(within_folders: bool) -> str:
	"""Return names and scores: the index finds, the primary key joins, the permissions narrow."""
	# Frappe's own conditions: roles, user permissions, folders. Their percent signs are not placeholders.
	allowed = (build_match_conditions(DOCUMENT) or "1=1").replace("%", "%%")
	narrowed = "AND `tabDocument`.document_folder IN %(folders)s" if within_folders else ""
	return f"""
		SELECT `tabDocument`.name, {MATCH} AS score
		FROM `tab{DOCUMENT_TEXT}` t
		JOIN `tabDocument` ON `tabDocument`.name = t.name
		WHERE {MATCH} AND ({allowed}) {narrowed}
		ORDER BY score DESC, `tabDocument`.name
		LIMIT %(length)s OFFSET %(start)s
	"""  # noqa: S608  # names are this module's own, values are parameters


def _build_hits(names: list[str], word: str) -> list[frappe._dict]:
	"""Return the documents of one page of hits.

	This is a separate query, because the search would carry the texts of all hits.
	"""
	return frappe.db.sql(
		f"""
		SELECT d.name, d.title, d.document_folder, d.status, d.current_version, d.file_name,
			SUBSTRING(t.content, GREATEST(LOCATE(%(word)s, t.content) - {SNIPPET_BEFORE}, 1), {SNIPPET_LENGTH}) AS snippet
		FROM `tabDocument` d JOIN `tab{DOCUMENT_TEXT}` t ON t.name = d.name
		WHERE d.name IN %(names)s
		""",  # noqa: S608  # as above
		{"names": names, "word": word},
		as_dict=True,
	)


def _build_hit(row: frappe._dict, score: float) -> Hit:
	return {
		"document": row.name,
		"title": row.title,
		"document_folder": row.document_folder,
		"status": row.status,
		"current_version": row.current_version,
		"file_name": row.file_name,
		"score": round(float(score), 4),
		"snippet": " ".join((row.snippet or "").split()),
	}


def update_index(document: str) -> None:
	"""Update the indexed fields beside the file's text: title, tags, description and notes."""
	row = frappe.db.get_value(DOCUMENT, document, ["title", "description", "_user_tags"], as_dict=True)
	notes = frappe.get_all(
		DOCUMENT_VERSION,
		{"document": document, "notes": ("is", "set")},
		pluck="notes",
		order_by="number desc",
		limit=200,
	)
	values = {
		"title": row.title,
		"tags": (row._user_tags or "").replace(",", " ").strip(),
		"notes": "\n".join(filter(None, [row.description, *notes])),
	}
	values["terms"] = build_terms("\n".join(values.values()))
	upsert_rows(DOCUMENT_TEXT, [{"name": document, **values}])


def enqueue_text_extraction(document: str) -> None:
	"""Enqueue a job, after the commit, that extracts the current version's text."""
	update_index(document)
	frappe.enqueue(JOB, queue="short", document=document, enqueue_after_commit=True, at_front=False)


def extract_text(document: str) -> None:
	"""Run as a job: read the current version's text into the index.

	A newer version has its own job, which may run first; a document deleted meanwhile leaves no text.
	"""
	version = frappe.db.get_value(DOCUMENT, document, "current_version")
	name = f"{document}-v{version}"
	if not frappe.db.exists(DOCUMENT_VERSION, name):
		return
	content = text.get_version_text(frappe.get_doc(DOCUMENT_VERSION, name))
	frappe.db.sql(
		f"""
		UPDATE `tab{DOCUMENT_TEXT}` SET content = %(content)s, content_terms = %(terms)s, version = %(version)s
		WHERE name = %(document)s AND COALESCE(version, 0) <= %(version)s
		""",  # noqa: S608
		{"content": content, "terms": build_terms(content), "version": version, "document": document},
	)


def delete_from_index(document: str) -> None:
	frappe.db.delete(DOCUMENT_TEXT, {"name": document})


def create_index() -> None:
	"""Create the full-text index if it is missing or has other columns."""
	table = f"tab{DOCUMENT_TEXT}"
	rows = frappe.db.sql(f"SHOW INDEX FROM `{table}` WHERE Key_name = %s", INDEX, as_dict=True)
	if {row.Column_name for row in rows} == set(COLUMNS):
		return
	if rows:
		frappe.db.sql_ddl(f"ALTER TABLE `{table}` DROP INDEX `{INDEX}`")
	columns = ", ".join(f"`{column}`" for column in COLUMNS)
	frappe.db.sql_ddl(f"ALTER TABLE `{table}` ADD FULLTEXT INDEX `{INDEX}` ({columns})")


def update_terms() -> None:
	"""Add terms to the texts indexed by an earlier version of the app."""
	for name in frappe.get_all(DOCUMENT_TEXT, {"terms": ("is", "not set")}, pluck="name", limit=0):
		if frappe.db.exists(DOCUMENT, name):
			update_index(name)
			content = frappe.db.get_value(DOCUMENT_TEXT, name, "content")
			frappe.db.set_value(
				DOCUMENT_TEXT, name, "content_terms", build_terms(content or ""), update_modified=False
			)


def rebuild_index() -> None:
	"""Run weekly: rebuild the index. Until then, InnoDB keeps the IDs of changed and deleted texts in it."""
	frappe.db.commit()  # what MariaDB would do by itself
	frappe.db.sql_ddl(f"OPTIMIZE TABLE `tab{DOCUMENT_TEXT}`")


def update_tags() -> None:
	"""Update the tags in the index."""
	changed = frappe.db.sql(
		f"""
		SELECT t.name FROM `tab{DOCUMENT_TEXT}` t JOIN `tabDocument` d ON d.name = t.name
		WHERE COALESCE(t.tags, '') != TRIM(REPLACE(COALESCE(d._user_tags, ''), ',', ' '))
		"""  # noqa: S608
	)
	for (name,) in changed:
		update_index(name)
