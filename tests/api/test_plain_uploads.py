"""Uploads outside the document library: content that cannot be stored is refused with a message, and parallel
uploads all succeed.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client, get_data, get_error
from tests.support.docs_factories import make_person, upload

PATH = "/api/method/upload_file"
PDF = b"%PDF-1.4 and nothing more"


def send(client: Client, name: str, content: bytes, **form: str):
	return client.request("POST", PATH, files={"file": (name, content)}, data=form)


@pytest.mark.parametrize(
	("name", "content", "form"),
	[
		("a.pdf", PDF, {}),
		("a.pdf", b"%PDF-1.4" + bytes(100), {}),
		("a.pdf", b"no pdf at all", {}),
		("a.jpg", b"no picture", {}),
		("a.jpg", b"\xff\xd8\xff", {"optimize": "1"}),
	],
)
def test_a_damaged_file_is_422(admin, name, content, form):
	before = frappe.db.count("File")
	assert get_error(send(admin, name, content, **form)) == (422, "ValidationError")
	frappe.db.rollback()
	assert frappe.db.count("File") == before


@pytest.mark.parametrize(
	"name",
	[
		"x" * 10_000,
		"x" * 141,
		"契" * 100,
		"a\x00b.txt",
		"a\u202eb.txt",
		"a\u2028b.txt",
		"a\u0085b.txt",
		"\u3000",
	],
)
def test_a_name_that_cannot_be_stored_is_400(admin, name, mark):
	assert get_error(send(admin, name, mark.encode())) == (400, "InvalidRequestError")


def test_an_empty_part_is_400(admin):
	assert get_error(send(admin, "a.txt", b"")) == (400, "InvalidRequestError")
	body = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
	reply = admin.request(
		"POST", PATH, data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
	)
	assert get_error(reply) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	("method", "refused"),
	[
		("nonsense", (400, "InvalidRequestError")),
		("frappe.nonsense.x", (400, "InvalidRequestError")),
		("frappe.local", (400, "InvalidRequestError")),
		("..", (400, "InvalidRequestError")),
		("frappe.client.get_list", (400, "InvalidRequestError")),
		("frappe.utils.now", (403, "PermissionError")),
	],
)
def test_a_method_that_an_upload_cannot_call_is_refused(admin, mark, method, refused):
	assert get_error(send(admin, "a.txt", mark.encode(), method=method)) == refused


def test_an_empty_method_is_none(admin, mark):
	get_data(send(admin, f"{mark}.txt", mark.encode(), method=""), 201)
	assert get_error(admin.request("POST", PATH, data={"method": ""})) == (400, "InvalidRequestError")


@pytest.mark.parametrize(
	("form", "refused"),
	[
		({"doctype": "Nonsense", "docname": "x"}, (404, "DoesNotExistError")),
		({"doctype": "User; drop", "docname": "x"}, (404, "DoesNotExistError")),
		({"library_file_name": "no-such-file"}, (404, "DoesNotExistError")),
		({"file_url": "/files/no-such-file.txt"}, (422, "ValidationError")),
		({"file_url": "/files/../../etc/passwd"}, (422, "ValidationError")),
	],
)
def test_what_is_not_there_is_named(admin, form, refused):
	files = {"file": ("a.txt", b"content")} if "doctype" in form else None
	assert get_error(admin.request("POST", PATH, files=files, data=form)) == refused


def test_a_file_of_someone_else_is_as_if_it_were_not_there(api, admin, mark):
	file = get_data(send(admin, f"{mark}.txt", mark.encode(), is_private="1"), 201)
	replies = [
		api(make_person("Sales User")).request("POST", PATH, data={"library_file_name": name})
		for name in (file["name"], "no-such-file")
	]
	assert [get_error(reply) for reply in replies] == [(404, "DoesNotExistError")] * 2


def test_desk_keeps_frappes_own_answers(browser, mark):
	user = factories.make_user("System Manager", new_password=(password := frappe.generate_hash(length=16)))
	desk = browser(user.name, password)
	token = {"X-Frappe-CSRF-Token": "none"}
	reply = desk.request("POST", PATH, files={"file": ("a.txt", b"")}, headers=token)
	assert reply.status_code in (200, 400, 417, 500), reply.text  # Frappe's own, of a file on the disk
	assert "Send a file that has content" not in reply.text


@pytest.mark.parametrize("path", ["/Invoices {0}", "/Invoices {0}/2026/November", "Home/Invoices {0}/é"])
@pytest.mark.parametrize("keys", [False, True])
def test_parallel_uploads_into_a_folder_that_is_not_there_yet_are_all_stored(api, mark, path, keys):
	folder = path.format(mark)
	clients = [api("Administrator") for _ in range(10)]
	if keys:
		for number, client in enumerate(clients):
			client.headers["Idempotency-Key"] = f"{mark}-{number}"
	with ThreadPoolExecutor(10) as pool:
		replies = list(
			pool.map(
				lambda n: upload(clients[n], folder, f"{mark}-{n}.txt", b"%d %s" % (n, mark.encode())),
				range(10),
			)
		)
	assert [reply.status_code for reply in replies] == [201] * 10, [reply.text[:300] for reply in replies]
	frappe.db.rollback()
	name = "Home/" + folder.strip("/").removeprefix("Home/")
	assert frappe.db.count("File", {"folder": name}) == 10
	assert frappe.db.count("File", {"name": name, "is_folder": 1}) == 1


def test_who_may_not_make_files_makes_no_folder(guest, mark):
	assert upload(guest, f"/Invoices {mark}", "a.txt", b"x").status_code in (401, 403)
	frappe.db.rollback()
	assert not frappe.db.exists("File", f"Home/Invoices {mark}")
