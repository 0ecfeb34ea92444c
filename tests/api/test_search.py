"""The search over clients and documents: what is found, and that nobody finds what they may not read."""

import pytest

import frappe

from orchestrator.docs import fulltext
from tests.support import clinic, factories
from tests.support.client import get_data, get_error
from tests.support.docs_factories import make_document, make_folder
from tests.support.keys import KeyMaker

FIND = "orchestrator.api.search.find_records"


def find(client, query, **values):
	return get_data(client.post(FIND, query=query, **values))["records"]


def find_names(client, query, **values):
	return [record["name"] for record in find(client, query, **values)]


@pytest.fixture(scope="module")
def clients(frappe_site):
	"""Create two clients of one last name at two facilities, the first with a stay. Return their names and the last name."""
	connection = clinic.make_connection()
	here, there = (clinic.make_facility().name for _ in range(2))
	last_name = factories.make_unique("Szabo")
	first = clinic.make_client(connection, first_name="Zoltán", last_name=last_name, facility=here)
	second = clinic.make_client(connection, first_name="Anna", last_name=last_name, facility=there)
	number = f"MR{frappe.generate_hash(length=8)}"
	for client, mr_number in ((first, number), (second, f"{number}-2")):
		factories.make_record(
			"Client Stay", client=client.name, connection=connection.name, facility=client.facility, status="Active",
			casefile_id=frappe.generate_hash(), mr_number=mr_number,
		)  # fmt: skip
	return frappe._dict(
		first=first.name,
		second=second.name,
		here=here,
		last_name=last_name,
		number=number,
		by=last_name.split()[1],
	)


def test_clients_are_found_by_every_word_of_their_name(api, clients):
	client = api(clinic.make_clinical_user())
	(record,) = find(client, f"zoltan  {clients.by}")
	assert record == {
		"doctype": "Client",
		"name": clients.first,
		"title": f"Zoltán {clients.last_name}",
		"description": f"Active, {clients.here}",
		"snippet": "",
	}
	assert find_names(client, clients.by) == [clients.second, clients.first]
	assert find_names(client, f"zoltan anna {clients.by}") == []


def test_clients_are_found_by_the_beginning_of_an_mr_number(api, clients):
	client = api(clinic.make_clinical_user())
	assert find_names(client, clients.number) == [clients.second, clients.first]
	assert find_names(client, f"{clients.number}-2") == [clients.second]
	assert find_names(client, clients.number[3:]) == []


@pytest.mark.parametrize("wildcards", ["%%", "__", "\\%", "Zolt_n"])
def test_wildcards_are_letters(api, clients, wildcards):
	assert find_names(api(clinic.make_clinical_user()), f"{wildcards} {clients.by}") == []


@pytest.mark.parametrize("query", ["by", "number"])
def test_a_clinician_of_one_facility_finds_no_client_of_another(api, clients, query):
	client = api(clinic.make_clinical_user(clients.here))
	assert find_names(client, clients[query]) == [clients.first]


@pytest.mark.parametrize("role", ["System Manager", "Kipu Sync Manager", "Sales User", "Employee"])
@pytest.mark.parametrize("query", ["by", "number"])
def test_who_may_not_read_clients_finds_none(api, browser, clients, role, query):
	user = factories.make_user(role).name
	assert find_names(api(user), clients[query]) == []
	assert find_names(browser(user, factories.PASSWORD), clients[query]) == []


def test_guests_are_asked_to_sign_in(guest, clients):
	assert get_error(guest.post(FIND, query=clients.by)) == (401, "AuthenticationError")


def test_the_text_is_never_part_of_a_url(api, clients):
	assert get_error(api().get(FIND, query=clients.by)) == (405, "MethodNotAllowedError")


@pytest.mark.parametrize(
	"values",
	[
		{"query": "x"},
		{"query": "  "},
		{"query": "x" * 141},
		{"query": ["a", "b"]},
		{"query": "xy", "limit": 0},
		{"query": "xy", "limit": 21},
		{},
	],
	ids=str,
)
def test_a_bad_query_is_400(api, values):
	assert get_error(api().post(FIND, **values)) == (400, "InvalidRequestError")


def test_limit_counts_records_of_each_kind(api, clients):
	client = api(clinic.make_clinical_user())
	assert find_names(client, clients.by, limit=1) == [clients.second]
	assert find_names(client, clients.number, limit=1) in ([clients.first], [clients.second])


@pytest.fixture(scope="module")
def documents(frappe_site):
	"""Create a document with a word in its text, in a folder of one reader. Return reader, word and document."""
	reader = factories.make_user("Sales User").name
	word = "w" + "".join(chr(ord("a") + int(digit, 16)) for digit in frappe.generate_hash(length=12))
	document = make_document(
		make_folder(("User", reader, "Read")),
		f"The line {word} is here.".encode(),
		title=f"Crisis {word}.txt",
	)
	fulltext.extract_text(document)
	frappe.db.commit()
	return frappe._dict(reader=reader, word=word, name=document)


def test_documents_are_found_with_the_text_around_the_word(api, documents):
	(record,) = find(api(documents.reader), documents.word)
	assert (record["doctype"], record["name"]) == ("Document", documents.name)
	assert record["title"] == f"Crisis {documents.word}.txt"
	assert record["snippet"] == f"The line {documents.word} is here."


@pytest.mark.parametrize("role", ["Sales User", "Clinical User"])
def test_documents_of_other_folders_are_not_found(api, documents, role):
	assert find_names(api(factories.make_user(role).name), documents.word) == []


def test_a_scoped_key_finds_only_records_that_its_scope_includes(api, clients, documents):
	user = clinic.make_clinical_user()
	keys = KeyMaker(api(user))
	narrow = keys.client(methods=[FIND], doctypes={"Document": ["read"]})
	wide = keys.client(methods=[FIND], doctypes={"Client": ["read"]})
	assert find_names(narrow, clients.by) == []
	assert find_names(wide, clients.by) == [clients.second, clients.first]
