"""Texts of a CSV file that a spreadsheet would compute; only those get an apostrophe."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.insights.reports.content.formulas import escape_formula, is_formula, unescape_formula
from orchestrator.insights.reports.content.report_table import Column, Table
from orchestrator.insights.reports.formats import csv_file

COMPUTED = [
	"=1", "=1+1", "=cmd|' /C calc'!A0", "+1+1", "-2+3", "-A1", "+49-30-1234", "@SUM(1)", "@jane", "\t=1", "\r=1",
	"\n=1", " =1", "\u200b=1", "=HYPERLINK(\"http://x\")", "-SUM(A1)", "+5 SUM(1)", "-5e3+A1", "＝1", "＋A1", "－A1", "＠A",
	"- item one", "-foo", "-東京", "-(5)", "-\"x\"", "-$A$1", "-12:30", "+1/2 cup", "-#REF!", "--A1", "+-A1", "-{1}",
]  # fmt: skip
SHOWN = [
	"", "'", "-", "--", "---", "- ", "+49 30 1234", "+49 (0)30 12-34", "+1 (555) 010-9999", "+4930123", "+49 …", "-5",
	"-5 °C", "-5°C", "-5 mg", "- 5 °C", "+5%", "-5 %", "-1.5", "-.5", "-1,234.50", "-1e5", "-€5", "-5 €", "-…", "->", "-->",
	"–5", "1+1", "a=b", "'+49 30", "x@y", "=", "@", "-5m", "+1.555.010.9999",
]  # fmt: skip


@pytest.mark.parametrize("text", COMPUTED)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text):
	assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", SHOWN)
def test_what_a_spreadsheet_shows_stays_as_it_is(text):
	assert escape_formula(text) == text


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.text(alphabet=st.sampled_from("'=+-@ \t\r\n1a(°%E.＋！"), max_size=8))
def test_every_guarded_text_can_be_read_back(text):
	assert unescape_formula(escape_formula(text)) == text
	assert not is_formula(escape_formula(text))


@pytest.mark.parametrize("text", ["", "=1", *SHOWN[1:10]])
def test_headings_are_guarded_as_cells_are(tmp_path, text):
	column = Column("key", text, "Data", None, 0)
	csv_file.write_csv(tmp_path / "file.csv", Table([column], iter([[text]])))

	rows = list(csv.reader(io.StringIO((tmp_path / "file.csv").read_bytes().decode("utf-8-sig"), newline="")))

	assert rows == [[escape_formula(text)], [escape_formula(text)]]
