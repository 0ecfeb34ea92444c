"""Files: content, names and URLs only for users who may read the file or the record that it is attached to."""

import io
import json
import zipfile
from urllib.parse import quote

import pytest

import frappe
from frappe.utils.file_manager import save_file

from tests.support import factories
from tests.support.client import Client, get_data
from tests.support.docs_factories import (
	download,
	get_stored_path,
	list_audit_actions,
	make_document,
	make_folder,
)
from tests.support.hr_factories import make_person

INSERT, LIST = "frappe.client.insert", "frappe.client.get_list"


def make_file(content: str, name: str | None = None, owner: str = "Administrator", **values: object):
	"""Create a private file of the given owner, with its content on disk."""
	file = factories.make_record(
		"File",
		file_name=name or f"{factories.make_unique('file')}.txt",
		content=content,
		is_private=1,
		**values,
	)
	frappe.db.set_value("File", file.name, "owner", owner, update_modified=False)
	frappe.db.commit()
	return file


@pytest.fixture(scope="module")
def secret(frappe_site):
	"""Return a private file on an employee's record, and its content."""
	frappe.set_user("Administrator")
	person = make_person()
	text = f"secret {frappe.generate_hash(length=20)}"
	file = make_file(text, attached_to_doctype="Employee", attached_to_name=person.employee)
	return frappe._dict(url=file.file_url, text=text, name=file.name, owner=person)


PEOPLE = {
	"portal": lambda: factories.make_user(user_type="Website User").name,
	"desk": lambda: factories.make_user("Newsletter Manager").name,
	"employee": lambda: make_person().user,
}


@pytest.fixture(scope="module", params=PEOPLE)
def attacker(request, frappe_site):
	frappe.set_user("Administrator")
	user = PEOPLE[request.param]()
	frappe.db.commit()
	return user


# Texts that lead to the same content as a URL, or to its download.
URL_VARIANTS = {
	"same": lambda url: url,
	"relative": lambda url: url.lstrip("/"),
	"quoted": lambda url: quote(url, safe=""),
	"quoted letter": lambda url: url.replace("files", "%66iles"),
	"dot": lambda url: f"/private/files/./{get_file_name(url)}",
	"two slashes": lambda url: f"/private/files//{get_file_name(url)}",
	"parent": lambda url: f"/private/files/x/../{get_file_name(url)}",
	"from public": lambda url: f"/files/../../private/files/{get_file_name(url)}",
	"absolute": lambda url: f"{frappe.utils.get_url()}{url}",
	"absolute by the site's name": lambda url: f"http://{frappe.local.site}{url}",
	"query": lambda url: f"{url}?fid=1",
	"download": lambda url: f"/api/method/download_file?file_url={url}",
	"download by its path": lambda url: (
		f"/api/method/frappe.core.doctype.file.file.download_file?file_url={quote(url, safe='')}"
	),
}


def get_file_name(url: str) -> str:
	return url.rsplit("/", 1)[1]


def assert_no_bytes(client: Client, user: str, secret) -> None:
	"""Assert that none of the user's Files returns the content."""
	frappe.db.rollback()
	for row in frappe.get_all("File", {"owner": user, "is_folder": 0}, ["name", "file_url"]):
		for path in {row.file_url or "", secret.url}:
			got = client.request("GET", path, params={"fid": row.name}) if path.startswith("/") else None
			assert got is None or secret.text not in got.text
		assert secret.text not in download_archive(client, row.name)


def download_archive(client: Client, *names: str) -> str:
	"""Return the content of a ZIP file of Files."""
	reply = client.get("frappe.core.api.file.zip_files", files=json.dumps(names))
	if not reply.content.startswith(b"PK"):
		return reply.text
	with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
		return "".join(archive.read(name).decode() for name in archive.namelist())


INSERTS = {
	"insert": lambda url: (f"/api/method/{INSERT}", {"doc": {"doctype": "File", "file_url": url}}),
	"resource": lambda url: ("/api/resource/File", {"file_url": url}),
	"v2": lambda url: ("/api/v2/document/File", {"file_url": url, "file_name": "mine.txt"}),
	"upload_file": lambda url: ("/api/method/upload_file", {"file_url": url, "is_private": 1}),
	"save": lambda url: (
		"/api/method/frappe.client.save",
		{"doc": {"doctype": "File", "file_url": url, "__islocal": 1}},
	),
	"with content": lambda url: (
		"/api/resource/File",
		{"file_url": url, "file_name": "mine.txt", "content": "mine", "is_private": 1},
	),
}


@pytest.mark.parametrize("variant", URL_VARIANTS)
@pytest.mark.parametrize("route", INSERTS)
def test_no_file_is_made_of_the_url_of_anothers_file(api, attacker, secret, site, route, variant):
	path, body = INSERTS[route](URL_VARIANTS[variant](secret.url))
	before = frappe.db.count("File", {"owner": attacker})
	reply = api(attacker).request("POST", path, json=body)
	assert 400 <= reply.status_code < 500, reply.text
	assert reply.status_code == 403 or variant != "same"
	frappe.db.rollback()
	assert frappe.db.count("File", {"owner": attacker}) == before
	assert secret.text in frappe.get_doc("File", secret.name).get_content()


CHANGES = {
	"put": lambda name, url: ("PUT", f"/api/resource/File/{name}", {"file_url": url}),
	"v2": lambda name, url: ("PUT", f"/api/v2/document/File/{name}", {"file_url": url}),
	"set_value": lambda name, url: (
		"POST",
		"/api/method/frappe.client.set_value",
		{"doctype": "File", "name": name, "fieldname": "file_url", "value": url},
	),
}


@pytest.mark.parametrize("variant", URL_VARIANTS)
@pytest.mark.parametrize("route", CHANGES)
def test_no_file_gets_the_url_of_anothers_file(api, attacker, secret, site, route, variant):
	client = api(attacker)
	own = make_file(frappe.generate_hash(length=12), owner=attacker)
	verb, path, body = CHANGES[route](own.name, URL_VARIANTS[variant](secret.url))
	reply = client.request(verb, path, json=body)
	assert reply.status_code == 403 or variant != "same"
	frappe.db.rollback()
	assert frappe.db.get_value("File", own.name, "file_url") == own.file_url
	assert_no_bytes(client, attacker, secret)


def test_a_files_name_leads_to_no_other_file(api, attacker, secret, site):
	"""Frappe uses the name if there is no URL."""
	client = api(attacker)
	name = secret.url.rsplit("/", 1)[1]
	body = {"file_name": name, "is_private": 1}
	assert client.request("POST", "/api/resource/File", json=body).status_code in (403, 417)
	own = make_file(frappe.generate_hash(length=12), owner=attacker)
	reply = client.request("PUT", f"/api/resource/File/{own.name}", json={**body, "file_url": ""})
	assert reply.status_code in (403, 417), reply.text
	assert_no_bytes(client, attacker, secret)


@pytest.mark.parametrize("names_own_file", [False, True])
@pytest.mark.parametrize(
	"change",
	[str.upper, lambda name: name.replace("i", "í"), lambda name: f"{name} "],
	ids=["case", "accent", "blank"],
)
def test_a_similar_name_gives_no_bytes(api, attacker, secret, site, change, names_own_file):
	"""To MariaDB `FILE.txt` equals `file.txt`; on disk they are different."""
	similar = change(secret.url.rsplit("/", 1)[1])
	own = make_file(f"mine {similar}", name=similar, owner=attacker)
	frappe.db.set_value("File", own.name, "file_url", f"/private/files/{similar}")
	frappe.db.commit()
	params = {"fid": own.name} if names_own_file else {}
	reply = api(attacker).request("GET", secret.url, params=params)
	assert secret.text not in reply.text
	assert reply.status_code == 403


def test_a_field_of_a_record_leads_to_no_other_file(api, secret, site):
	"""Frappe would attach a file of the same URL to the record."""
	user = factories.make_user("Sales User", "Sales Master Manager").name
	other = make_file(f"unattached {frappe.generate_hash(length=20)}")
	client = api(user)
	customer = factories.make_customer()
	for url in (secret.url, other.file_url):
		reply = client.request("PUT", f"/api/resource/Customer/{customer.name}", json={"image": url})
		assert reply.status_code == 403
	frappe.db.rollback()
	assert not frappe.db.exists("File", {"attached_to_name": customer.name})
	assert not frappe.db.get_value("File", other.name, "attached_to_name")
	own = make_file("picture", owner=user)
	assert client.request("PUT", f"/api/resource/Customer/{customer.name}", json={"image": own.file_url}).ok


def test_a_mail_takes_no_file_along_that_its_sender_may_not_read(api, secret, site):
	"""Frappe copies the Files named to the mail, which its sender owns."""
	user = factories.make_user("Sales User").name
	customer = factories.make_customer()
	reply = api(user).post(
		"frappe.core.doctype.communication.email.make",
		doctype="Customer",
		name=customer.name,
		subject="mail",
		content="content",
		recipients="someone@harbor.example",
		send_email=0,
		attachments=json.dumps([secret.name]),
	)
	assert reply.status_code == 403, reply.text
	frappe.db.rollback()
	assert frappe.db.count("File", {"file_url": secret.url, "owner": user}) == 0


def test_who_may_read_a_file_may_use_its_url(api, secret, site):
	client = api(secret.owner.user)
	reply = client.request("POST", "/api/resource/File", json={"file_url": secret.url})
	assert reply.ok, reply.text
	assert client.request("GET", secret.url).text == secret.text


def test_uploads_and_public_files_stay_as_they_are(api, attacker, site):
	client = api(attacker)
	text = frappe.generate_hash(length=30)
	uploaded = client.request(
		"POST", "/api/method/upload_file", files={"file": ("note.txt", text)}, data={"is_private": 1}
	)
	assert uploaded.ok, uploaded.text
	url = uploaded.json()["data"]["file_url"]
	assert client.request("GET", url).text == text
	linked = client.request("POST", "/api/resource/File", json={"file_url": "https://example.com/a.pdf"})
	assert linked.ok, linked.text


def test_server_code_registers_files_that_it_has_written(site):
	user = factories.make_user("Newsletter Manager").name
	frappe.set_user(user)
	text = frappe.generate_hash(length=30)
	file = save_file(f"{text}.txt", text.encode(), "User", user, is_private=1)
	assert frappe.get_doc("File", file.name).get_content() == text


# The store of the document library


@pytest.fixture(scope="module")
def library(frappe_site):
	frappe.set_user("Administrator")
	reader = factories.make_user("Newsletter Manager").name
	folder = make_folder(("User", reader, "Read"))
	text = f"stored {frappe.generate_hash(length=20)}"
	document = make_document(folder, text.encode())
	key = get_stored_path(document).name
	url = f"/private/files/orchestrator_documents/{key[:2]}/{key}"
	return frappe._dict(reader=reader, folder=folder, document=document, text=text, url=url, key=key)


@pytest.mark.parametrize("variant", URL_VARIANTS)
def test_no_file_is_made_of_the_url_of_a_stored_document(api, library, site, variant):
	body = {"file_url": URL_VARIANTS[variant](library.url), "file_name": "mine.txt"}
	before = frappe.db.count("File", {"owner": library.reader})
	reply = api(library.reader).request("POST", "/api/resource/File", json=body)
	assert not reply.ok, reply.text
	frappe.db.rollback()
	assert frappe.db.count("File", {"owner": library.reader}) == before


def test_the_store_gives_no_bytes_without_an_audit_entry(api, library, site):
	client = api(library.reader)
	own = make_file(frappe.generate_hash(length=12), owner=library.reader)
	frappe.db.set_value("File", own.name, "file_url", library.url)
	frappe.db.commit()
	before = list_audit_actions(library.document)
	for params in ({}, {"fid": own.name}):
		reply = client.request("GET", library.url, params=params)
		assert reply.status_code == 403
		assert library.text not in reply.text
	assert library.text not in download_archive(client, own.name)
	assert library.text not in client.get("frappe.handler.download_file", file_url=library.url).text
	assert list_audit_actions(library.document) == before
	assert download(client, library.document).text == library.text
	assert list_audit_actions(library.document) == [*before, "Downloaded"]


# Lists of files


@pytest.fixture(scope="module")
def listed_file(frappe_site):
	"""Return a private file on an employee's record."""
	frappe.set_user("Administrator")
	person = make_person()
	values = {"attached_to_doctype": "Employee", "attached_to_name": person.employee}
	file = make_file(frappe.generate_hash(), f"{frappe.generate_hash()}.txt", **values)
	return frappe._dict(url=file.file_url, name=file.name, owner=person)


@pytest.mark.parametrize(
	"ask",
	[
		lambda c, s: c.get(LIST, doctype="File", fields='["name","file_url"]', limit_page_length=500),
		lambda c, s: c.request(
			"GET", "/api/resource/File", params={"fields": '["name","file_url"]', "limit_page_length": 500}
		),
		lambda c, s: c.get(
			"frappe.desk.reportview.get", doctype="File", fields='["name","file_url"]', page_length=500
		),
		lambda c, s: c.get(
			"frappe.core.api.file.get_attached_images",
			doctype="Employee",
			names=json.dumps([s.owner.employee]),
		),
		lambda c, s: c.get("frappe.core.api.file.get_files_by_search_text", text=s.url[-12:]),
		lambda c, s: c.get(
			"frappe.core.api.file.get_files_in_folder", folder="Home/Attachments", page_length=500
		),
	],
)
def test_lists_name_no_files_of_hidden_records(api, attacker, listed_file, site, ask):
	reply = ask(api(attacker), listed_file)
	assert listed_file.url not in reply.text
	assert listed_file.name not in reply.text
	assert listed_file.url in ask(api(listed_file.owner.user), listed_file).text


def test_a_file_of_a_hidden_record_is_not_read_by_its_name(api, attacker, listed_file, site):
	reply = api(attacker).get("frappe.client.get", doctype="File", name=listed_file.name)
	assert reply.status_code in (403, 404)
	assert listed_file.url not in reply.text


def test_lists_have_own_files_and_those_of_readable_records(api, site):
	user = factories.make_user("Sales User").name
	customer = factories.make_customer()
	attached = make_file("attached", attached_to_doctype="Customer", attached_to_name=customer.name)
	own = make_file("own", owner=user)
	names = json.dumps({"name": ["in", [attached.name, own.name]]})
	rows = get_data(api(user).get(LIST, doctype="File", filters=names))
	assert {attached.name, own.name} <= {row["name"] for row in rows}
