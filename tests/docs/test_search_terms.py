"""Search in every language and by parts of words."""

import io

import pytest

import frappe

from orchestrator.docs import changes, fulltext
from orchestrator.docs.search_terms import build_expression, build_terms
from orchestrator.docs.versions import IncomingFile
from tests.support.client import get_data
from tests.support.docs_factories import METHOD, make_document, make_folder

SEARCH = f"{METHOD}search"
FOUND = [
	("Q3_invoice_final.txt", ["invoice", "final", "Q3", "q3_invoice", "INVOICE", "invo"]),
	("InvoiceFinal2024.txt", ["invoice", "final", "2024", "InvoiceFinal", "invoicefinal2024"]),
	("invoice_final_2024.txt", ["InvoiceFinal", "invoiceFinal2024", "final"]),
	("HTTPServerLog.txt", ["server", "http", "log"]),
	("scan00042.txt", ["scan", "00042", "scan00042"]),
	("AI in care.txt", ["AI", "ai", "care"]),
	("HR and IT.txt", ["HR", "IT", "it"]),
	("Who is who.txt", ["who", "WHO"]),
	("租赁合同.txt", ["合同", "租赁", "租赁合同", "同"]),
	("契約書の写し.txt", ["契約書", "契約", "写し", "約書"]),
	("カタカナ資料.txt", ["カタカナ", "ｶﾀｶﾅ", "資料"]),
	("계약서를 보냄.txt", ["계약", "계약서", "보냄"]),
	("สัญญาเช่าบ้าน.txt", ["สัญญา", "เช่า", "บ้าน"]),
	("समझौता पत्र.txt", ["समझौता", "पत्र", "समझ"]),
	("عَقْد الإيجار.txt", ["عقد", "الإيجار"]),
	("חוזה שכירות.txt", ["חוזה", "שכירות"]),
	("Договор аренды.txt", ["договор", "аренд"]),
	("Mietvertrag Straße.txt", ["mietvertrag", "straße"]),
	("𠮷野家.txt", ["𠮷野"]),
	("ＡＩ資料.txt", ["AI"]),
	("Q3契約.txt", ["Q3", "契約"]),
]
NOT_FOUND = [
	("契約書", "書契"),
	("𠮷野", "𡈽野"),
	("AIDA", "AI"),
	("Q3_invoice", "Q4_invoice"),
	("は", "ぱ"),
	("계약", "약계"),
]


@pytest.fixture(scope="module")
def folder(frappe_site) -> str:
	return make_folder()


@pytest.fixture
def find(api):
	client = api("Administrator")

	def names(query: str, folder: str) -> list[str]:
		found = get_data(client.get(SEARCH, query=query, folder=folder))["documents"]
		return [hit["document"] for hit in found]

	return names


@pytest.mark.parametrize(("title", "queries"), FOUND)
def test_a_title_is_found_by_its_parts(site, find, title, queries):
	folder = make_folder()
	document = make_document(folder, title=title)
	assert [query for query in queries if find(query, folder) != [document]] == []


@pytest.mark.parametrize(("title", "query"), NOT_FOUND)
def test_what_only_looks_alike_is_not_found(site, find, title, query):
	folder = make_folder()
	make_document(folder, title=f"{title}.dat")
	assert find(query, folder) == []


@pytest.mark.parametrize("inside", ["本合同自签署之日起生效", "The AI_model of Q3", "賃貸借契約書の写し"])
def test_the_text_inside_is_found_so_too(site, find, inside):
	folder = make_folder()
	document = make_document(folder, None, title="Plan")
	changes.create_version(document, IncomingFile(io.BytesIO(inside.encode()), "a.txt"), None)
	frappe.db.commit()
	fulltext.extract_text(document)
	frappe.db.commit()
	query = {"本": "合同", "T": "ai model", "賃": "契約書"}[inside[0]]
	assert find(query, folder) == [document]


def test_all_words_are_required_and_stop_words_ignored(site, find):
	folder = make_folder()
	document = make_document(folder, title="合同 of Q3 invoice.txt")
	assert find("the invoice of 合同", folder) == [document]
	assert find("invoice 契約", folder) == []


def test_the_texts_of_an_earlier_version_get_their_terms(site, find):
	folder = make_folder()
	document = make_document(folder, title="合同_final.txt")
	frappe.db.set_value("Document Text", document, {"terms": None, "content_terms": None})
	frappe.db.commit()
	assert find("合同", folder) == []
	fulltext.update_terms()
	frappe.db.commit()
	assert find("合同", folder) == [document]


def test_an_index_with_other_columns_is_created_again(site):
	frappe.db.sql_ddl("ALTER TABLE `tabDocument Text` DROP INDEX searchable")
	frappe.db.sql_ddl("ALTER TABLE `tabDocument Text` ADD FULLTEXT INDEX searchable (title, tags)")
	fulltext.create_index()
	rows = frappe.db.sql("SHOW INDEX FROM `tabDocument Text` WHERE Key_name = 'searchable'", as_dict=True)
	assert {row.Column_name for row in rows} == set(fulltext.COLUMNS)


@pytest.mark.parametrize("query", ['"a b', "+ab -cd", "(lease", "lease*)", "@5 lease", "~x <y >z", "a'b\"c"])
def test_a_query_keeps_no_syntax_of_mariadb(query):
	expression = build_expression(query, 12) or ""
	assert not set(expression) - set("+*() _abcdefghijklmnopqrstuvwxyz0123456789")


def test_terms_hold_nothing_that_is_a_word_already():
	assert build_terms("plain words only") == ""
	assert build_terms("Q3_invoice") == "invoice q3_"
