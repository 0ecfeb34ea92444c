"""Columns that a site has added to clients: a bulk insert writes the same values as saving would."""

from collections.abc import Iterator
from typing import Any

import pytest

import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.model.document import Document

from orchestrator.kipu_simulator.server import Simulator
from orchestrator.sync.storage import save_side_effects
from tests.support.kipu_site import list_clients_and_stays, make_connection, run_sync

pytestmark = pytest.mark.usefixtures("loopback")

DOCTYPES = ("Client", "Client Stay")
ADDED: tuple[dict[str, Any], ...] = (
	{"fieldname": "x_check", "fieldtype": "Check"},
	{"fieldname": "x_check_on", "fieldtype": "Check", "default": "1"},
	{"fieldname": "x_int", "fieldtype": "Int"},
	{"fieldname": "x_int_seven", "fieldtype": "Int", "default": "7"},
	{"fieldname": "x_currency", "fieldtype": "Currency", "default": "1.5"},
	{"fieldname": "x_float", "fieldtype": "Float"},
	{"fieldname": "x_percent", "fieldtype": "Percent"},
	{"fieldname": "x_duration", "fieldtype": "Duration"},
	{"fieldname": "x_data", "fieldtype": "Data"},
	{"fieldname": "x_data_default", "fieldtype": "Data", "default": "none given"},
	{"fieldname": "x_mapped", "fieldtype": "Data", "default": "none given"},
	{"fieldname": "x_select", "fieldtype": "Select", "options": "First\nSecond"},
	{
		"fieldname": "x_select_default",
		"fieldtype": "Select",
		"options": "\nFirst\nSecond",
		"default": "First",
	},
	{"fieldname": "x_date", "fieldtype": "Date", "default": "Today"},
	{"fieldname": "x_datetime", "fieldtype": "Datetime"},
	{"fieldname": "x_link", "fieldtype": "Link", "options": "User"},
	{"fieldname": "x_text", "fieldtype": "Small Text", "default": "text"},
	{"fieldname": "x_json", "fieldtype": "JSON"},
	{"fieldname": "x_virtual", "fieldtype": "Data", "is_virtual": 1, "options": "'shown'"},
)
CHECKED = (
	{"fieldname": "x_phone", "fieldtype": "Phone"},
	{"fieldname": "x_mail", "fieldtype": "Data", "options": "Email"},
	{"fieldname": "x_choice", "fieldtype": "Select", "options": "\nFirst\nSecond"},
)
# A different value for each connection.
OWN = frozenset({"name", "connection", "client", "facility"})


@pytest.fixture(scope="module", autouse=True)
def added(frappe_site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	fields = [{**field, "label": field["fieldname"]} for field in (*ADDED, *CHECKED)]
	create_custom_fields(dict.fromkeys(DOCTYPES, fields))
	frappe.db.commit()
	yield
	frappe.set_user("Administrator")
	columns = ", ".join(
		f"drop column `{field['fieldname']}`" for field in fields if "is_virtual" not in field
	)
	frappe.db.delete("Custom Field", {"dt": ("in", DOCTYPES), "fieldname": ("like", "x\\_%")})
	for doctype in DOCTYPES:
		frappe.db.sql_ddl(f"alter table `tab{doctype}` {columns}")
	frappe.db.commit()
	frappe.clear_cache()


@pytest.fixture
def kipu(site: str) -> Iterator[Simulator]:
	"""Yield an instance in which half of the people have no second number."""
	with Simulator(8) as running:
		for stay in range(len(running.world)):
			running.world.set_field(stay, "alternate_phone", "" if stay % 2 else "212-555-0110")
			running.world.set_field(stay, "program", None if stay % 2 else "Detox")
		yield running


@pytest.fixture
def saved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
	"""Return the DocTypes of the clients and stays that are saved one by one."""
	found: list[str] = []
	insert = Document.insert

	def counted(doc: Document, *args: Any, **kwargs: Any) -> Document:
		found.extend([doc.doctype] if doc.doctype in DOCTYPES else [])
		return insert(doc, *args, **kwargs)

	monkeypatch.setattr(Document, "insert", counted)
	return found


def build_rules(target: str) -> list[dict[str, str]]:
	return [{"source": source, "target": target} for source in ("alternate_phone", "program")]


def list_columns(connection: str) -> list[dict[str, Any]]:
	rows = [
		{key: value for key, value in row.items() if key not in OWN}
		for row in list_clients_and_stays(connection)
	]
	return sorted(rows, key=lambda row: (row.get("casefile_id") or "", row.get("person_id") or ""))


def test_written_at_once_or_one_by_one_every_column_is_the_same(kipu, saved, monkeypatch):
	at_once = make_connection(kipu, field_rules=build_rules("x_mapped"))
	run_sync(at_once)
	assert saved == []
	monkeypatch.setattr(save_side_effects, "has_side_effects", lambda *_: True)
	one_by_one = make_connection(kipu, field_rules=build_rules("x_mapped"))
	run_sync(one_by_one)
	assert set(saved) == set(DOCTYPES)
	assert list_columns(at_once) == list_columns(one_by_one)


def test_where_kipu_says_nothing_a_mapped_field_has_its_default(kipu):
	connection = make_connection(kipu, field_rules=build_rules("x_mapped"))
	run_sync(connection)
	values = frappe.get_all("Client", {"connection": connection}, pluck="x_mapped")
	assert set(values) == {"none given", "212-555-0110"}
	run_sync(connection, "full")
	assert set(frappe.get_all("Client", {"connection": connection}, pluck="x_mapped")) == set(values)


@pytest.mark.parametrize("field", CHECKED, ids=lambda field: field["fieldtype"])
def test_a_value_that_saving_refuses_is_left_out_and_named(kipu, field):
	connection = make_connection(kipu, field_rules=build_rules(field["fieldname"])[1:])
	run = run_sync(connection)
	assert (run["imported"], run["failed"]) == (len(kipu.world), len(kipu.world) // 2)
	assert {(error["code"], error["field"]) for error in run["errors"]} == {("invalid_value", "program")}
	assert not any(frappe.get_all("Client Stay", {"connection": connection}, pluck=field["fieldname"]))
