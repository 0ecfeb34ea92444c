"""Reports on a replica of the database. Here it is another connection to the same server, which refuses to write."""

from collections.abc import Iterator

import pytest

import frappe

from orchestrator.api import reports
from orchestrator.api.replica import run_on_replica
from tests.support import factories


@pytest.fixture
def replica(site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
	"""Yield the connections to the replica that were made."""
	connections: list[object] = []
	connect = frappe.connect_replica

	def connect_to_read() -> bool:
		is_new = connect()
		if is_new:
			frappe.db.sql("set session transaction read only")
			connections.append(frappe.db)
		return is_new

	monkeypatch.setattr(frappe, "connect_replica", connect_to_read)
	for name, value in {
		"read_from_replica": 1,
		"replica_host": frappe.conf.db_host,
		"replica_db_port": frappe.conf.db_port,
	}.items():
		monkeypatch.setitem(frappe.local.conf, name, value)
	primary = frappe.db
	yield connections
	assert frappe.db is primary
	assert not frappe.flags.read_only
	for name in ("replica_db", "primary_db"):
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)


def test_a_script_report_reads_from_the_replica(replica: list[object]) -> None:
	company = factories.get_company()
	result = reports.execute_report(
		"Lead Details", {"company": company, "from_date": "2000-01-01", "to_date": "2000-01-02"}
	)
	assert (len(replica), list(result["result"])) == (1, [])


def test_a_report_of_the_builder_reads_from_the_replica(replica: list[object]) -> None:
	lead = factories.make_lead()
	report = frappe.get_doc(
		{
			"doctype": "Report", "report_name": factories.make_unique("Leads"), "ref_doctype": "Lead",
			"report_type": "Report Builder", "is_standard": "No",
			"json": '{"fields": [["name", "Lead"]], "filters": []}',
		}
	).insert()  # fmt: skip
	frappe.db.commit()
	result = reports.execute_builder_report(report, [["name", "=", lead.name]])
	assert (len(replica), [row[0] for row in result["result"]]) == (1, [lead.name])


def test_what_writes_is_refused_by_the_replica(replica: list[object]) -> None:
	note = factories.make_record("Note", title=factories.make_unique("Note"))
	with pytest.raises(frappe.InReadOnlyMode):
		run_on_replica(lambda: frappe.db.set_value("Note", note.name, "title", "changed"))


def test_the_refusal_of_a_report_is_not_hidden_by_that_of_the_replica(replica: list[object]) -> None:
	with pytest.raises(frappe.ValidationError, match="From Date is mandatory"):
		reports.execute_report("Sales Pipeline Analytics", {})
	assert len(replica) == 1


def test_without_a_replica_no_connection_is_made(site: str) -> None:
	reports.execute_report(
		"Lead Details",
		{"company": factories.get_company(), "from_date": "2000-01-01", "to_date": "2000-01-02"},
	)
	assert not hasattr(frappe.local, "replica_db")
