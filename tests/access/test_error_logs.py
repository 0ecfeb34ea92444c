"""Error Logs of the platform, which must not hold the values of records."""

import json
from collections.abc import Callable

import pytest

import frappe

from tests.support import factories, helpdesk
from tests.support.client import Client

Api = Callable[[str], Client]
UPDATE = "frappe.desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs"


def update_in_vain(client: Client, lead: str, value: str) -> str:
	"""Update a lead with an invalid status beside `value`, and return the error that Frappe has logged."""
	data = json.dumps({"company_name": value, "status": "No Such Status"})
	reply = client.post(UPDATE, doctype="Lead", docnames=json.dumps([lead]), action="update", data=data)
	assert reply.json()["message"] == [lead], reply.text
	frappe.db.rollback()
	(log,) = frappe.get_all(
		"Error Log", {"method": "Bulk action failed"}, ["error"], order_by="creation desc", limit=1
	)
	return str(log.error)


@pytest.mark.parametrize("value", ["Canary 5512", 'Canary\n  File "x", line 1\nCanary 5512', "Каллиопа 5512"])
def test_errors_are_logged_without_record_values(api: Api, site: str, value: str) -> None:
	lead = factories.make_lead().name
	error = update_in_vain(api(factories.make_user("Sales Manager").name), lead, value)
	assert "bulk_update.py" in error
	assert "5512" not in error
	assert "Canary" not in error


def test_with_the_guard_off_errors_are_logged_as_by_frappe(api: Api, site: str) -> None:
	lead = factories.make_lead().name
	client = api(factories.make_user("Sales Manager").name)
	with helpdesk.override_settings(guard_platform_methods=0):
		assert "Canary 5512" in update_in_vain(client, lead, "Canary 5512")
