"""The index by which get_changes finds what was modified lately: a job creates it where Frappe has none."""

from collections.abc import Callable, Iterator

import pytest

import frappe

from tests.support import factories
from tests.support.client import Client
from tests.support.feed_doctype import ROLE, delete_doctype, make_doctype
from tests.support.replica import Replica

Api = Callable[[str], Client]
DOCTYPE = "Unsorted Thing"


@pytest.fixture
def things(site: str) -> Iterator[None]:
	frappe.set_user("Administrator")
	make_doctype(DOCTYPE, sort_field="creation")
	for index in list_indexes():
		frappe.db.sql_ddl(f"drop index `{index}` on `tab{DOCTYPE}`")
	yield
	delete_doctype(DOCTYPE)


def list_indexes() -> list[str]:
	"""Return the indexes that begin with `modified`."""
	rows = frappe.db.sql(
		f"show index from `tab{DOCTYPE}` where Column_name = 'modified' and Seq_in_index = 1", as_dict=True
	)
	return [row.Key_name for row in rows]


def list_jobs() -> list[str]:
	"""Return the DocTypes for which a job is to create the index."""
	from frappe.utils.background_jobs import get_queue

	jobs = [job.kwargs for job in get_queue("long").jobs if job.kwargs.get("site") == frappe.local.site]
	return [job["kwargs"]["doctype"] for job in jobs if "create_index" in str(job["method"])]


def start_feed(api: Api) -> Replica:
	copy = Replica(api(str(factories.make_user(ROLE).name)), DOCTYPE, ["name", "title"])
	copy.pull()
	return copy


@pytest.mark.usefixtures("things")
def test_the_first_call_has_a_job_create_the_index(api: Api) -> None:
	from orchestrator.api.changes.indexes import create_index

	start_feed(api)
	start_feed(api)
	assert (list_indexes(), list_jobs().count(DOCTYPE)) == ([], 1)
	create_index(DOCTYPE)
	create_index(DOCTYPE)
	assert len(list_indexes()) == 1
	assert not frappe.db.exists("Property Setter", {"doc_type": DOCTYPE})


@pytest.mark.usefixtures("things")
def test_the_daily_job_creates_indexes_of_earlier_feeds(api: Api) -> None:
	from orchestrator.api.changes.retention import delete_expired_feeds

	copy = start_feed(api)
	name = factories.make_record(DOCTYPE, __newname=frappe.generate_hash(length=10), title="first").name
	frappe.db.commit()
	delete_expired_feeds()
	assert len(list_indexes()) == 1
	assert copy.list_kinds() == [("created", name)]


@pytest.mark.usefixtures("things")
def test_a_feed_whose_table_is_gone_is_passed_over(api: Api) -> None:
	from orchestrator.api.changes.indexes import create_index

	start_feed(api)
	frappe.delete_doc("DocType", DOCTYPE)
	frappe.db.sql_ddl(f"drop table `tab{DOCTYPE}`")
	create_index(DOCTYPE)
