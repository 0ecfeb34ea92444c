"""Documents: a version of 10 MB compared with Frappe's upload of the same file, a search with a read by primary
key, and the page of a folder with Desk's list.

	ORCHESTRATOR_BENCH=<bench> ORCHESTRATOR_SITE=<site> <bench>/env/bin/python -m benchmarks.documents [documents] [MB]

Makes documents with text (50,000 by default), measures both sides in turn, prints the medians and EXPLAIN, and removes
what it made. Ends with exit code 1 when a target is missed.
"""

import base64
import json
import os
import random
import sys
from pathlib import Path

import frappe

from benchmarks.timing import measure_in_turn
from orchestrator.docs import browsing, fulltext
from tests.conftest import serve, stay_on_this_machine
from tests.support import docs_factories, factories
from tests.support.client import Client

DOCUMENTS, MEGABYTES = 50_000, 10
ROUNDS, SEARCH_ROUNDS = 15, 201
ALLOWED_UPLOAD, ALLOWED_SEARCH, ALLOWED_FOLDER = 1.3, 20.0, 1.5
FOLDER_PAGE = 100
WORDS_PER_DOCUMENT, VOCABULARY, BATCH = 150, 5_000, 1_000
PREFIX = "BENCH-"
RARE, USUAL = "zanzibarite", "lighthouse"
USUAL_EVERY = 100  # documents


def measure_upload(client: Client, document: str, megabytes: int) -> bool:
	"""Measure uploads over HTTP, with new content each time: Frappe would recognize the same content and
	write nothing. The stock side sends Desk's request, so that this app only detects the kind of client.
	"""
	size = megabytes * 1024 * 1024

	def part() -> dict[str, tuple[str, bytes]]:
		return {"file": ("large.bin", os.urandom(16) + bytes(size - 16))}

	def stock() -> None:
		reply = client.request(
			"POST",
			"/api/method/upload_file",
			files=part(),
			data={"is_private": "1"},
			headers={"X-Requested-With": "XMLHttpRequest"},
		)
		assert reply.status_code == 200, reply.text[:300]

	def multipart() -> None:
		reply = client.request(
			"POST",
			"/api/method/orchestrator.docs.create_version",
			files=part(),
			data={"document": document},
		)
		assert reply.status_code == 201, reply.text[:300]

	content = base64.b64encode(part()["file"][1]).decode()  # the caller's time, which is not the server's
	body = json.dumps({"document": document, "file": content, "file_name": "large.bin"}).encode()

	def in_json() -> None:
		reply = client.request(
			"POST",
			"/api/method/orchestrator.docs.create_version",
			data=body,
			headers={"Content-Type": "application/json"},
		)
		assert reply.status_code == 201, reply.text[:300]

	took = measure_in_turn(
		{
			"stock upload_file": stock,
			"create_version, multipart": multipart,
			"create_version, base64": in_json,
		},
		ROUNDS,
	)
	report(took)
	theirs, ours, encoded = took.values()
	print(f"{megabytes} MB: {ours / theirs:.2f} times stock by multipart, {encoded / theirs:.2f} by base64")
	return ours <= ALLOWED_UPLOAD * theirs


def make_documents(folder: str, count: int) -> None:
	"""Insert documents with text as rows, because saving documents would take hours."""
	chance = random.Random(7)
	vocabulary = [
		"".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(4, 10)))
		for _ in range(VOCABULARY)
	]
	moment = frappe.utils.now()
	stamp = (moment, moment, "Administrator", "Administrator")
	for first in range(0, count, BATCH):
		numbers = range(first, min(first + BATCH, count))
		frappe.db.bulk_insert(
			"Document",
			["name", "creation", "modified", "owner", "modified_by", "title", "document_folder", "status"],
			[(f"{PREFIX}{n:06}", *stamp, f"Bench {n}", folder, "Draft") for n in numbers],
		)
		texts = []
		for n in numbers:
			words = chance.choices(vocabulary, k=WORDS_PER_DOCUMENT)
			words += [USUAL] if n % USUAL_EVERY == 0 else []
			words += [RARE] if n == count // 2 else []
			texts.append((f"{PREFIX}{n:06}", *stamp, f"Bench {n}", " ".join(words)))
		frappe.db.bulk_insert(
			"Document Text",
			["name", "creation", "modified", "owner", "modified_by", "title", "content"],
			texts,
		)
		frappe.db.commit()


def measure_search(client: Client, reader: str, count: int) -> bool:
	"""Measure the search itself, as a user with access by a folder, compared with Frappe's read of one
	document.
	"""
	name = f"{PREFIX}{count // 2:06}"
	frappe.set_user(reader)
	took = measure_in_turn(
		{
			"frappe.get_doc by primary key": lambda: frappe.get_doc("Document", name),
			"frappe.db.get_value by primary key": lambda: frappe.db.get_value("Document", name, "*"),
			"search, one hit": lambda: fulltext.search_page(RARE, None, 0, 20),
			f"search, {count // USUAL_EVERY} hits": lambda: fulltext.search_page(USUAL, None, 0, 20),
			f"search, two words, {count // USUAL_EVERY} and 1": lambda: fulltext.search_page(
				f"{USUAL[:8]} {RARE}", None, 0, 20
			),
		},
		SEARCH_ROUNDS,
	)
	report(took)
	document, row, one, many, _both = took.values()
	print(f"one hit: {one / row:.1f} times get_value, {one / document:.1f} times get_doc")
	print(f"many hits: {many / row:.1f} times get_value, {many / document:.1f} times get_doc")
	frappe.set_user("Administrator")
	over_http = measure_in_turn(
		{
			"HTTP frappe.client.get": lambda: client.get("frappe.client.get", doctype="Document", name=name),
			"HTTP search, one hit": lambda: client.get("orchestrator.docs.search", query=RARE),
			"HTTP search, many hits": lambda: client.get("orchestrator.docs.search", query=USUAL),
		},
		SEARCH_ROUNDS // 4,
	)
	report(over_http)
	return many <= ALLOWED_SEARCH * row and one <= ALLOWED_SEARCH * row


def measure_folder(client: Client, folder: str) -> bool:
	"""Measure the page of a folder with all documents, compared with Desk's list of the same rows."""
	fields = json.dumps([name for name in browsing.ROW_FIELDS if name != "_user_tags"])
	filters = json.dumps({"document_folder": folder})
	page = {"limit_page_length": FOLDER_PAGE}
	stock = {"doctype": "Document", "fields": fields, "filters": filters, "order_by": "title asc", **page}
	took = measure_in_turn(
		{
			"stock list of 100 documents": lambda: client.get(
				"frappe.client.get_list", headers={"X-Requested-With": "XMLHttpRequest"}, **stock
			),
			"get_folder, 100 documents": lambda: client.get(
				"orchestrator.docs.get_folder", folder=folder, **page
			),
		},
		SEARCH_ROUNDS // 4,
	)
	report(took)
	theirs, ours = took.values()
	print(f"folder page: {ours / theirs:.2f} times the stock list")
	return ours <= ALLOWED_FOLDER * theirs


def explain() -> None:
	values = {"words": f"+{USUAL}*", "start": 0, "length": 20, "folders": []}
	for row in frappe.db.sql("EXPLAIN " + fulltext.build_statement(False), values, as_dict=True):
		print("EXPLAIN", json.dumps({key: row[key] for key in ("table", "type", "key", "rows", "Extra")}))


def report(took: dict[str, float]) -> None:
	for name, milliseconds in took.items():
		print(f"{name:40} {milliseconds:9.2f} ms")


def remove(folder: str, document: str) -> None:
	frappe.db.rollback()
	frappe.set_user("Administrator")
	for doctype in ("Document", "Document Text"):
		frappe.db.delete(doctype, {"name": ("like", f"{PREFIX}%")})
	for name in frappe.get_all(
		"File", {"file_name": ("like", "large%.bin"), "attached_to_name": ("is", "not set")}, pluck="name"
	):
		frappe.delete_doc("File", name, force=True)
	frappe.delete_doc("Document", document)
	frappe.delete_doc("Document Folder", folder)
	frappe.db.commit()
	fulltext.rebuild_index()


def main() -> int:
	count = int(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS
	megabytes = int(sys.argv[2]) if len(sys.argv) > 2 else MEGABYTES
	stay_on_this_machine()
	site, sites = os.environ["ORCHESTRATOR_SITE"], Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites"
	os.chdir(sites)
	frappe.init(site=site, sites_path=str(sites))
	frappe.connect()
	frappe.set_user("Administrator")
	person = docs_factories.make_person("Sales User")
	folder = docs_factories.make_folder(("User", person, "Write"))
	document = docs_factories.make_document(folder)
	within = True
	try:
		key, secret = factories.get_token(person)
		with serve(site, sites) as base:
			client = Client(base, site, headers={"Authorization": f"token {key}:{secret}"})
			within = measure_upload(client, document, megabytes)
			make_documents(folder, count)
			fulltext.rebuild_index()
			within = measure_search(client, person, count) and within
			within = measure_folder(client, folder) and within
			explain()
	finally:
		remove(folder, document)
	return 0 if within else 1


if __name__ == "__main__":
	sys.exit(main())
