"""A site of an earlier commit, with demo data, migrates to this one and keeps every record.

`script/test` puts the earlier code into the bench's own folder and makes the site, without the app.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pymysql.cursors
import pytest

from tests.conftest import BENCH

pytestmark = pytest.mark.usefixtures("frappe_site")

TIMEOUT_SECONDS = 300
# Tables of the suite that the demo fills, beside this app's own.
SUITE_TABLES = (
	"Communication", "Comment", "Customer", "Employee", "Employee Checkin", "File", "HD Ticket", "Issue", "Lead",
	"Leave Application", "Leave Ledger Entry", "Opportunity", "Project", "Task", "ToDo", "User", "Has Role",
)  # fmt: skip
# Written by every migration: the definitions that come with the app.
DEFINITIONS = frozenset({"Orchestrator Metric", "Orchestrator Dashboard", "Orchestrator Dashboard Item"})
# Roles of workspaces, pages and reports are definitions too: only those of people belong to the site.
CONDITIONS = {"Has Role": "parenttype = 'User'"}
# DocType -> renamed field -> its name now
RENAMED_FIELDS: dict[str, dict[str, str]] = {}
# Columns that an upgrade fills again; each has its own tests.
RECOMPUTED_COLUMNS = {"Document Text": frozenset({"modified"})}

Rows = dict[str, dict[str, dict[str, Any]]]


class UpgradedSite:
	"""The site for the upgrade, run with the earlier code or this one."""

	def __init__(self) -> None:
		self.sites = Path(str(BENCH)) / "sites"
		# Further processes of a run have a number before the site's name.
		self.name = f"upgrade.{re.sub(r'^[0-9]+[.]', '', os.environ['ORCHESTRATOR_SITE'])}"
		self.earlier = Path(str(BENCH)) / ".orchestrator" / "earlier"
		self.config = json.loads((self.sites / self.name / "site_config.json").read_text())

	def get_earlier_bounds(self) -> str:
		"""Return the versions of Frappe that the earlier commit runs on."""
		pyproject = (self.earlier / "pyproject.toml").read_text()
		found = re.search(r'^frappe = "(.+)"$', pyproject, re.MULTILINE)
		assert found
		return found[1]

	def run(self, *arguments: str, earlier: bool = False) -> str:
		"""Run a bench command on the site. Returns what it printed."""
		environment = dict(os.environ)
		if earlier:
			environment["PYTHONPATH"] = str(self.earlier)
		result = subprocess.run(
			[sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", self.name, *arguments],
			cwd=self.sites, env=environment, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False,
		)  # fmt: skip
		assert result.returncode == 0, f"{arguments}: {result.stdout[-3000:]}{result.stderr[-3000:]}"
		return result.stdout

	def query(self, statement: str) -> list[dict[str, Any]]:
		"""Return the rows of a statement."""
		import frappe

		with (
			pymysql.connect(
				host=frappe.conf.db_host or "127.0.0.1",
				port=int(frappe.conf.db_port or 3306),
				user=self.config["db_name"],
				password=self.config["db_password"],
				database=self.config["db_name"],
				cursorclass=pymysql.cursors.DictCursor,
			) as connection,
			connection.cursor() as cursor,
		):
			cursor.execute(statement)
			return list(cursor.fetchall())

	def read_rows(self) -> Rows:
		"""Return every row of this app's tables, and of those of the suite that the demo fills."""
		own = self.query("select name from `tabDocType` where module = 'Orchestrator' and issingle = 0")
		tables = {row["name"] for row in own} | set(SUITE_TABLES)
		return {
			table: {str(row["name"]): row for row in self.read_table(table)} for table in tables - DEFINITIONS
		}

	def read_table(self, table: str) -> list[dict[str, Any]]:
		"""Return the rows of a table that belong to the site."""
		return self.query(f"select * from `tab{table}` where {CONDITIONS.get(table, 'true')}")  # noqa: S608


@pytest.fixture(scope="module")
def upgraded() -> Iterator[tuple[UpgradedSite, Rows, Rows]]:
	"""Yield the site after its upgrade, with its rows before and after."""
	import frappe

	from orchestrator.setup.versions import is_within

	site = UpgradedSite()
	if not is_within(frappe.__version__, bounds := site.get_earlier_bounds()):
		pytest.skip(f"The earlier commit runs on Frappe {bounds} alone, this is {frappe.__version__}")
	site.run("install-app", "orchestrator", earlier=True)
	site.run("orchestrator", "demo", earlier=True)
	before = site.read_rows()
	site.run("migrate")
	yield site, before, site.read_rows()


def test_upgrade_preserves_every_record(upgraded: tuple[UpgradedSite, Rows, Rows]) -> None:
	_site, before, after = upgraded
	assert len(before["Document Version"]) > 3
	assert len(before["Sprint Event"]) > 10
	lost = {table: rows.keys() - after.get(table, {}).keys() for table, rows in before.items()}
	assert {table: names for table, names in lost.items() if names} == {}


def test_upgrade_preserves_every_value(upgraded: tuple[UpgradedSite, Rows, Rows]) -> None:
	_site, before, after = upgraded
	changed = [
		(table, name, column, value, after[table][name].get(_get_new_name(table, column)))
		for table, rows in before.items()
		for name, row in rows.items()
		for column, value in row.items()
		if column not in RECOMPUTED_COLUMNS.get(table, ())
		and after[table][name].get(_get_new_name(table, column)) != value
	]
	assert changed == []


def test_upgrade_preserves_document_content(upgraded: tuple[UpgradedSite, Rows, Rows]) -> None:
	site, _before, _after = upgraded
	assert "damaged" not in site.run("orchestrator", "check-documents").lower()


def test_second_migration_changes_nothing(upgraded: tuple[UpgradedSite, Rows, Rows]) -> None:
	site, _before, after = upgraded
	site.run("migrate")
	again = site.read_rows()
	changed = {table for table in after if again[table] != after[table]}
	assert changed - set(SUITE_TABLES) == set()  # other apps leave comments and similar records


def _get_new_name(table: str, column: str) -> str:
	"""Return the name of a column after the upgrade."""
	return RENAMED_FIELDS.get(table, {}).get(column, column)
