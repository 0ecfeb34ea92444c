"""Create reports for tests, and read the files made of them."""

import csv
import io
import json

import frappe

from tests.support import factories

GENERATE = "orchestrator.insights.generate_report"
STATUS = "orchestrator.insights.get_report_status"


def make_report(report_type, **values):
	"""Create a report, on Lead unless `ref_doctype` says otherwise."""
	defaults = {
		"report_name": factories.make_unique(report_type),
		"ref_doctype": "Lead",
		"report_type": report_type,
		"is_standard": "No",
	}
	return factories.make_record("Report", **{**defaults, **values}).name


def make_query_report(query, **values):
	return make_report("Query Report", query=query, **values)


def make_builder_report(**values):
	"""Create a report builder report of the leads of a company, by name."""
	description = {
		"fields": [["name", "Lead"], ["lead_name", "Lead"], ["status", "Lead"]],
		"filters": [["Lead", "company_name", "=", values.pop("company_name")]],
		"order_by": "`tabLead`.`lead_name` asc",
		"add_totals_row": 0,
	}
	return make_report("Report Builder", json=json.dumps(description), **values)


def generate_report(client, report, form, **arguments):
	"""Return the reply of generate_report."""
	reply = client.post(GENERATE, report_name=report, format=form, send_mail=False, **arguments)
	assert reply.status_code == 200, reply.text
	return reply.json()["data"]


def download_content(client, report, form, **arguments):
	"""Return the file that generate_report makes, as its caller downloads it."""
	data = generate_report(client, report, form, **arguments)
	reply = client.request("GET", data["file_url"])
	assert reply.status_code == 200, reply.text
	assert len(reply.content) == data["file_size"]
	return reply.content


def parse_csv(content):
	return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def list_runs(report):
	return frappe.get_all("Generated Report", {"report": report}, pluck="name")


def list_private_files():
	"""Return the names of all private files on the disk."""
	from pathlib import Path

	return {path.name for path in Path(frappe.get_site_path("private", "files")).iterdir()}
