"""Titles that the database's collation treats as equal are different documents, and different folders with
separate access.
"""

import base64
import hashlib
import io

import pytest

import frappe
from frappe.modules import load_doctype_module

from orchestrator.docs import access, changes, identity
from orchestrator.docs.versions import IncomingFile
from orchestrator.patches import compare_titles_exactly
from orchestrator.setup import document_findings
from tests.support.client import get_data, get_error
from tests.support.docs_factories import METHOD, make_document, make_folder, make_person, upload

ALIKE = [
	("🍣", "🍺"),
	("Résumé", "Resume"),
	("Straße", "Strasse"),
	("は", "ぱ"),
	("か", "ガ"),
	("Lease", "lease"),
	("Ångström", "Angstrom"),
	("Œuvre", "OEuvre"),
	("ΑΒΓ", "αβγ"),
	("Щука", "щука"),
	("مُحَمَّد", "محمد"),
	("𠮷野", "𡈽野"),
	("co\u00adop", "coop"),
	("لا\u200cلا", "لالا"),
	("ı", "I"),
	("①", "1"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_titles_with_equal_collation_are_two_documents(admin, mark, one, other):
	first = get_data(upload(admin, f"/Documents/{mark}", f"{one}.txt", b"one"), 201)
	second = get_data(upload(admin, f"/Documents/{mark}", f"{other}.txt", b"other"), 201)
	assert first["document"] != second["document"]
	assert (first["version"], second["version"]) == (1, 1)
	again = get_data(upload(admin, f"/Documents/{mark}", f"{other}.txt", b"again"), 201)
	assert (again["document"], again["version"]) == (second["document"], 2)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_folders_with_equal_collation_are_two_with_separate_access(api, admin, mark, one, other):
	first = get_data(upload(admin, f"/Documents/{mark}{one}", "a.txt", b"one"), 201)
	second = get_data(upload(admin, f"/Documents/{mark}{other}", "a.txt", b"other"), 201)
	assert first["document"] != second["document"]
	frappe.db.rollback()
	names = [
		frappe.db.get_value("Document", found["document"], "document_folder") for found in (first, second)
	]
	assert names == [f"{mark}{one}", f"{mark}{other}"]
	reader = make_person("Sales User")
	folder = frappe.get_doc("Document Folder", names[0])
	folder.append("access", {"grantee_type": "User", "grantee": reader, "level": "Read"})
	folder.save()
	frappe.db.commit()
	assert get_error(api(reader).get(f"{METHOD}get_versions", document=second["document"])) == (
		404,
		"DoesNotExistError",
	)
	get_data(api(reader).get(f"{METHOD}get_versions", document=first["document"]))
	rows = get_data(api(reader).get("frappe.client.get_list", doctype="Document"))
	assert [row["name"] for row in rows] == [first["document"]]
	for name, found in zip(names, (first, second), strict=True):
		rows = get_data(
			admin.get(
				"frappe.client.get_list",
				doctype="Document",
				filters=frappe.as_json([["document_folder", "=", name]]),
			)
		)
		assert [row["name"] for row in rows] == [found["document"]]


def test_both_forms_of_an_accent_are_one_document_and_one_folder(admin, mark):
	first = get_data(upload(admin, f"/Documents/{mark} e\u0301", "re\u0301sume\u0301.txt", b"one"), 201)
	second = get_data(upload(admin, f"/Documents/{mark} é", "résumé.txt", b"two"), 201)
	assert (second["document"], second["version"]) == (first["document"], 2)
	found = get_data(admin.get(f"{METHOD}search", query="nothing", folder=f"{mark} e\u0301"))
	assert found == {"documents": []}


@pytest.mark.parametrize("doctype", ["Document", "Document Folder"])
def test_the_same_title_twice_is_still_a_conflict(admin, doctype):
	folder = make_folder()
	place = {"document_folder" if doctype == "Document" else "parent_document_folder": folder}
	for title, status in (
		("Lease", 201),
		("Lease", 409),
		("lease", 201),
		("Le\u0301ase", 201),
		("Léase", 409),
	):
		reply = admin.post("frappe.client.insert", doctype=doctype, title=title, **place)
		assert reply.status_code == status, (title, reply.text)


def test_rename_to_an_existing_title_is_a_conflict(admin):
	folder = make_folder()
	make_document(folder, None, title="Résumé")
	other = make_document(folder, None, title="Plan")
	change = {"doctype": "Document", "name": other}
	assert get_error(admin.post("frappe.client.set_value", **change, title="Re\u0301sume\u0301")) == (
		409,
		"UniqueValidationError",
	)
	assert get_data(admin.post("frappe.client.set_value", **change, title="Resume"))["title"] == "Resume"


@pytest.mark.parametrize("pattern", ["%lease%", "%RESIDENCE%"])
def test_titles_are_still_found_in_any_letter_case(admin, pattern):
	folder = make_folder()
	document = make_document(folder, None, title="Lease of Résidence")
	filters = frappe.as_json([["document_folder", "=", folder], ["title", "like", pattern]])
	rows = get_data(admin.get("frappe.client.get_list", doctype="Document", filters=filters))
	assert [row["name"] for row in rows] == [document]


def test_a_document_with_a_name_of_earlier_rules_can_still_be_moved(admin, site):
	document = make_document(make_folder())
	frappe.db.set_value("Document", document, {"title": "a/b <b>.txt</b>", "title_key": "a/b <b>.txt</b>"})
	frappe.db.commit()
	target = make_folder()
	get_data(admin.post(f"{METHOD}move", document=document, folder=target))
	frappe.db.rollback()
	assert frappe.db.get_value("Document", document, "document_folder") == target


# An existing site


@pytest.fixture
def old_site(site):
	"""Yield a folder and documents as the previous version stored them: the usual collation, names as sent."""
	name = "Re\u0301sume\u0301s " + frappe.generate_hash(length=8)
	reader = make_person("Sales User")
	folder = make_folder(("User", reader, "Read"))
	documents = [make_document(folder, b"first", title=f"{word}.txt") for word in ("Plan", "Lease")]
	for table, index in (("Document", "one_title_per_folder"), ("Document Folder", "one_title_per_parent")):
		frappe.db.sql_ddl(f"ALTER TABLE `tab{table}` DROP INDEX {index}_exactly")
	for columns in identity.BINARY_COLUMNS:
		for column in set(columns.names) - {
			"name"
		}:  # the site now has names that are equal in the usual collation
			frappe.db.sql_ddl(
				f"ALTER TABLE `tab{columns.doctype}` MODIFY `{column}` varchar(140) COLLATE utf8mb4_unicode_ci NULL"
			)
	for statement in (
		"UPDATE `tabDocument Folder` SET name = %(name)s, title = %(name)s, title_key = NULL, path = CONCAT('/Documents/', %(name)s) WHERE name = %(folder)s",
		"UPDATE `tabDocument Folder Access` SET parent = %(name)s WHERE parent = %(folder)s",
		"UPDATE `tabDocument` SET document_folder = %(name)s, title_key = NULL WHERE document_folder = %(folder)s",
		"UPDATE `tabDocument` SET title = 'Ple\u0301n.txt' WHERE name = %(plan)s",
	):
		frappe.db.sql(statement, {"name": name, "folder": folder, "plan": documents[0]})
	frappe.db.commit()
	frappe.clear_cache()
	yield frappe._dict(name=name, documents=documents, reader=reader)
	identity.update_collations()
	for doctype in ("Document", "Document Folder"):
		load_doctype_module(doctype).on_doctype_update()


def test_an_upgrade_keeps_every_record_and_its_access(api, old_site):
	assert len(identity.list_wrong_collations()) == 3
	compare_titles_exactly.execute()
	frappe.db.commit()
	access.clear_cached_levels()
	assert identity.list_wrong_collations() == []
	new_name = frappe.utils.cstr(old_site.name).replace("e\u0301", "é")
	folder = frappe.get_doc("Document Folder", new_name)
	assert (folder.title, folder.title_key, folder.path) == (new_name, new_name, f"/Documents/{new_name}")
	assert [row.grantee for row in folder.access] == [old_site.reader]
	titles = [frappe.db.get_value("Document", name, ["title", "title_key"]) for name in old_site.documents]
	assert titles == [("Plén.txt",) * 2, ("Lease.txt",) * 2]
	reader = api(old_site.reader)
	for document in old_site.documents:
		assert get_data(reader.get(f"{METHOD}get_versions", document=document))["total"] == 1
	again = get_data(
		upload(api("Administrator"), f"/Documents/{old_site.name}", "Ple\u0301n.txt", b"second"), 201
	)
	assert (again["document"], again["version"]) == (old_site.documents[0], 2)
	compare_titles_exactly.execute()  # repeating it changes nothing
	assert frappe.db.get_value("Document", old_site.documents[0], "title") == "Plén.txt"


def test_the_doctor_names_versions_that_belong_to_another_document(site):
	document = make_document(make_folder(), b"first", title="Resume.txt")
	changes.create_version(document, IncomingFile(io.BytesIO(b"second"), "Résumé.txt"), None)
	changes.create_version(document, IncomingFile(io.BytesIO(b"third"), "Other.txt"), None)
	frappe.db.commit()
	found = document_findings.find_merged_versions()
	assert f"{document}-v2" in found
	assert not {f"{document}-v1", f"{document}-v3"}.intersection(found)


def test_the_doctor_names_versions_decoded_by_mistake(site, monkeypatch):
	folder = make_folder()
	text = make_document(folder, b"a" * 100, title="hashes.txt")
	binary = make_document(folder, bytes(range(256)), title="data.bin")
	decoded = base64.b64decode(hashlib.sha256(b"lease").hexdigest())
	for content in (decoded, base64.b64decode("A" * 64), "Grüße".encode("cp1252"), "Grüße".encode("utf-16")):
		changes.create_version(text, IncomingFile(io.BytesIO(content)), None)
	frappe.db.commit()
	monkeypatch.setattr(document_findings, "_get_upgrade_time", lambda: "2999-01-01")
	found = document_findings.find_decoded_versions()
	assert {f"{text}-v2", f"{text}-v3"}.issubset(found)
	assert not {f"{text}-v1", f"{text}-v4", f"{text}-v5", f"{binary}-v1"}.intersection(found)
	assert any("decoded by mistake" in problem for problem in document_findings.find_problems())
	monkeypatch.setattr(document_findings, "_get_upgrade_time", lambda: "2000-01-01")
	assert document_findings.find_decoded_versions() == []
