"""Letter heads of PDFs read only the site's own files that the caller may read."""

import base64
import io
import socket
import threading

import pytest
from pypdf import PdfReader

import frappe

from orchestrator.insights.reports.content import letter_head
from tests.support import factories
from tests.support.report_factories import download_content, make_query_report

PIXEL = base64.b64decode(
	"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
DATA_URL = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"


def make_letter_head(content, **values):
	made = factories.make_record(
		"Letter Head",
		letter_head_name=factories.make_unique("Letter Head"),
		source="HTML",
		content=content,
		**values,
	)
	made.db_set("is_default", 0, commit=True)
	return made.name


def make_image(**values):
	file = frappe.get_doc(
		{"doctype": "File", "file_name": f"{factories.make_unique('logo')}.png", "content": PIXEL, **values}
	).insert()
	frappe.db.commit()
	return file.file_url


def generate_pdf(api, content, user="Administrator", **values):
	report = make_query_report(
		"select 'seen' as `Name::120`", letter_head=make_letter_head(content, **values)
	)
	return PdfReader(io.BytesIO(download_content(api(user), report, "pdf")))


def count_pdf_images(pdf):
	"""Return the number of images on its pages, including those within the letter head."""
	return sum(count_images(page["/Resources"]) for page in pdf.pages)


def count_images(resources):
	found = [thing.get_object() for thing in resources.get("/XObject", {}).values()]
	within = sum(count_images(thing["/Resources"]) for thing in found if "/Resources" in thing)
	return within + sum(thing["/Subtype"] == "/Image" for thing in found)


@pytest.fixture
def listener():
	"""Yield a local port that records connections."""
	callers = []
	with socket.create_server(("127.0.0.1", 0)) as server:
		server.settimeout(60)

		def listen():
			try:
				while True:
					connection, _address = server.accept()
					callers.append(connection.recv(1000))
					connection.close()
			except OSError:
				return

		threading.Thread(target=listen, daemon=True).start()
		yield server.getsockname()[1], callers


@pytest.mark.parametrize(
	"content",
	[
		'<img src="http://127.0.0.1:{port}/x.png">',
		'<img src="//127.0.0.1:{port}/x.png">',
		'<link rel="stylesheet" href="http://127.0.0.1:{port}/x.css">',
		'<style>@import url("http://127.0.0.1:{port}/x.css");</style>',
		'<div style="background: url(http://127.0.0.1:{port}/x.png); height: 9mm"></div>',
		"<style>@font-face {{ font-family: x; src: url(http://127.0.0.1:{port}/x.woff) }} p {{ font-family: x }}</style><p>a</p>",
		'<a rel="attachment" href="http://127.0.0.1:{port}/x">a</a>',
		'<object data="http://127.0.0.1:{port}/x.svg"></object><embed src="http://127.0.0.1:{port}/x.svg">',
		'<svg xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9"><image xlink:href="http://127.0.0.1:{port}/x.png" width="9" height="9"/></svg>',
		'<iframe src="http://127.0.0.1:{port}/"></iframe>',
	],
)
def test_a_letter_head_reaches_no_other_address(api, listener, content):
	port, callers = listener

	pdf = generate_pdf(api, f"<p>Harbor</p>{content.format(port=port)}")

	text = pdf.pages[0].extract_text()
	assert ("Harbor" in text, "seen" in text) == (True, True)
	assert callers == []


@pytest.mark.parametrize(
	"url",
	[
		"file:///etc/passwd",
		"/etc/passwd",
		"/files/../../site_config.json",
		"/files/%2e%2e/%2e%2e/site_config.json",
		"/private/files/../../site_config.json",
		"/assets/frappe/../../frappe/__init__.py",
		"/assets/nothing/x.png",
		"/private/backups/x.sql.gz",
		"ftp://127.0.0.1/x",
		"http://127.0.0.1/files/x.png",
		"/api/method/ping",
		"",
	],
)
def test_what_is_no_file_of_the_site_is_refused(site, url):
	base = frappe.utils.get_url(allow_header_override=False)
	with pytest.raises(letter_head.InvalidUrlError):
		letter_head.fetch_url(url if ":" in url else base + url)


def test_a_local_file_is_not_in_the_pdf(api):
	pdf = generate_pdf(
		api, '<p>Harbor</p><img src="file:///etc/passwd"><object data="file:///etc/passwd"></object>'
	)

	assert "root:" not in "".join(page.extract_text() for page in pdf.pages)


@pytest.mark.parametrize("is_private", [0, 1])
def test_a_logo_of_the_site_is_shown(api, is_private):
	url = make_image(is_private=is_private)

	assert count_pdf_images(generate_pdf(api, f'<img src="{url}" style="width: 20mm">')) == 1
	assert letter_head.fetch_url(DATA_URL) == {"string": PIXEL, "mime_type": "image/png"}


def test_a_private_logo_is_omitted_without_permission(api):
	url = make_image(is_private=1)
	caller = factories.make_user("Sales User").name

	pdf = generate_pdf(api, f'<p>Harbor</p><img src="{url}" style="width: 20mm">', caller)

	assert "Harbor" in pdf.pages[0].extract_text()
	assert count_pdf_images(pdf) == 0


def test_a_letter_head_of_many_pages_is_cut_and_the_rows_are_there(api):
	pdf = generate_pdf(api, "<p>Harbor</p>" + "<p>line</p>" * 500, footer="<p>Registered</p>")

	text = "".join(page.extract_text() for page in pdf.pages)
	assert ("Harbor" in text, "seen" in text, "Registered" in text) == (True, True, True)


@pytest.mark.parametrize(
	"cell",
	[
		'#image("/etc/passwd")',
		'$x$ #read("main.typ")',
		"]#panic()[",
		"*bold* _it_ `raw` <row> @x \\ //",
		"= Title",
	],
)
def test_a_cell_is_text_and_no_markup_of_the_engine(api, cell):
	report = make_query_report(f"select {frappe.db.escape(cell)} as `Name::300`")

	text = PdfReader(io.BytesIO(download_content(api(), report, "pdf"))).pages[0].extract_text()

	assert cell.replace(" ", "") in text.replace("\n", "").replace(" ", "").replace("\u200b", "")
