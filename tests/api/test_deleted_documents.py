"""Copies of deleted records: only for users who may read every record of the DocType."""

from collections.abc import Callable
from typing import Any

import pytest
import requests

import frappe

from tests.support import clinic, factories
from tests.support.client import Client

Api = Callable[[str], Client]
DOCTYPE = "Deleted Document"


@pytest.fixture
def manager(api: Api) -> Client:
	return api(factories.make_user("System Manager").name)


def delete_record(doctype: str, name: str) -> str:
	"""Delete a record, return the name of its copy."""
	frappe.delete_doc(doctype, name, force=True)
	frappe.db.commit()
	return frappe.db.get_value(DOCTYPE, {"deleted_doctype": doctype, "deleted_name": name})


def make_deleted_client() -> tuple[str, str]:
	client = clinic.make_client(clinic.make_connection())
	return delete_record("Client", client.name), client.last_name


def make_deleted_employee() -> tuple[str, str]:
	employee = factories.make_employee()
	return delete_record("Employee", employee.name), employee.first_name


def build_requests(client: Client, copy: str) -> list[requests.Response]:
	filters = f'[["name","=","{copy}"]]'
	fields = '["name","data","deleted_name"]'
	query: dict[str, Any] = {"doctype": DOCTYPE, "filters": filters, "fields": fields}
	return [
		client.get("frappe.client.get", doctype=DOCTYPE, name=copy),
		client.get("frappe.client.get_list", **query),
		client.get("frappe.client.get_value", doctype=DOCTYPE, filters=copy, fieldname="data"),
		client.request("GET", f"/api/resource/{DOCTYPE}/{copy}"),
		client.request("GET", f"/api/v2/document/{DOCTYPE}/{copy}"),
		client.request("GET", f"/api/resource/{DOCTYPE}", params={"filters": filters, "fields": fields}),
		client.post("frappe.desk.reportview.get", **{**query, "fields": '["`tabDeleted Document`.`data`"]'}),
		client.get("frappe.desk.form.load.getdoc", doctype=DOCTYPE, name=copy),
	]


@pytest.mark.parametrize("delete", [make_deleted_client, make_deleted_employee])
def test_system_manager_cannot_read_deleted_copy_without_read_access(
	manager: Client, delete: Callable[[], tuple[str, str]]
) -> None:
	copy, secret = delete()
	for reply in build_requests(manager, copy):
		assert secret not in reply.text, reply.request.url
	count = manager.get("frappe.client.get_count", doctype=DOCTYPE, filters=f'[["name","=","{copy}"]]')
	assert count.json()["message"] == 0


def test_readers_of_all_records_read_deleted_copies(api: Api) -> None:
	client = api(factories.make_user("System Manager", "HR Manager", "HR User").name)
	copy, secret = make_deleted_employee()
	replies = build_requests(client, copy)
	assert [secret in reply.text for reply in replies] == [True] * len(replies), [r.text for r in replies]


def test_a_hidden_permission_level_hides_the_copy(api: Api) -> None:
	copy, secret = make_deleted_client()
	partial = api(factories.make_user("System Manager", "Clinical User").name)
	assert not any(secret in reply.text for reply in build_requests(partial, copy))
	whole = api(factories.make_user("System Manager", "Clinical User", "Clinical Manager").name)
	assert all(secret in reply.text for reply in build_requests(whole, copy))


def test_a_user_permission_hides_the_copies(api: Api) -> None:
	user = factories.make_user("System Manager", "HR Manager", "HR User").name
	factories.make_record(
		"User Permission", user=user, allow="Employee", for_value=factories.make_employee().name
	)
	copy, secret = make_deleted_employee()
	assert not any(secret in reply.text for reply in build_requests(api(user), copy))


def test_a_doctype_that_is_gone_hides_its_copies(manager: Client) -> None:
	secret = factories.make_unique("Secret")
	gone = {"deleted_doctype": "No Such DocType", "deleted_name": "x", "data": secret}
	copy = factories.make_record(DOCTYPE, **gone).name
	assert not any(secret in reply.text for reply in build_requests(manager, copy))


def test_administrator_reads_every_copy(api: Api) -> None:
	copy, secret = make_deleted_client()
	assert all(secret in reply.text for reply in build_requests(api("Administrator"), copy))


RESTORE = "frappe.core.doctype.deleted_document.deleted_document.restore"
BULK_RESTORE = "frappe.core.doctype.deleted_document.deleted_document.bulk_restore"


def restore_by(client: Client, method: str, copy: str) -> requests.Response:
	if method == RESTORE:
		return client.post(method, name=copy)
	return client.request("POST", f"/api/method/{method}", data={"docnames": f'["{copy}"]'})


@pytest.mark.parametrize("method", [RESTORE, BULK_RESTORE])
@pytest.mark.parametrize(
	("rights", "status"),
	[({}, 404), ({"create": 1}, 404), ({"read": 1}, 403), ({"read": 1, "create": 1}, 200)],
)
def test_restore_requires_read_and_create_access(
	api: Api, method: str, rights: dict[str, int], status: int
) -> None:
	role = factories.make_record("Role", role_name=factories.make_unique("Restorer")).name
	doctype = factories.make_record(
		"DocType",
		name=factories.make_unique("Restorable"),
		module="Custom",
		custom=1,
		fields=[{"fieldname": "remark", "fieldtype": "Data", "label": "Remark"}],
		permissions=[
			{"role": "Administrator", "read": 1, "create": 1},
			*([{"role": role, "read": 0, "create": 0, **rights}] if rights else []),
		],
	).name
	name = factories.make_record(doctype, remark="x").name
	copy = delete_record(doctype, name)
	reply = restore_by(api(factories.make_user("System Manager", role).name), method, copy)
	frappe.db.rollback()
	assert reply.status_code == status, reply.text
	assert frappe.db.count(doctype) == (1 if status == 200 else 0)
