"""Nobody adds, changes, renames or deletes a record of the access log by any route of Frappe, not even the Administrator."""

import json
from collections.abc import Callable
from typing import Any

import pytest

import frappe

from orchestrator.privacy import sealing
from orchestrator.privacy.chain import Entry
from tests.privacy.conftest import People
from tests.support import factories
from tests.support.access_log import get_last_batch
from tests.support.client import Client

pytestmark = pytest.mark.usefixtures("logged")
Api = Callable[[str], Client]
METHOD = "/api/method/"

# verb, path, parameters; {name} is the entry's
CHANGES: dict[str, tuple[str, str, dict[str, Any]]] = {
	"update": ("PUT", "/api/resource/Access Log Entry/{name}", {"user": "somebody"}),
	"update v2": ("PUT", "/api/v2/document/Access Log Entry/{name}", {"user": "somebody"}),
	"delete": ("DELETE", "/api/resource/Access Log Entry/{name}", {}),
	"delete v2": ("DELETE", "/api/v2/document/Access Log Entry/{name}", {}),
	"create": ("POST", "/api/resource/Access Log Entry", {"user": "somebody"}),
	"create batch": ("POST", "/api/resource/Access Log Batch", {"user": "somebody", "records": "{}"}),
	"create day": ("POST", "/api/resource/Access Log Day", {"day": "1990-01-01"}),
	"set_value": (
		"POST",
		METHOD + "frappe.client.set_value",
		{"doctype": "Access Log Entry", "name": "{name}", "fieldname": "user", "value": "somebody"},
	),
	"client delete": (
		"POST",
		METHOD + "frappe.client.delete",
		{"doctype": "Access Log Entry", "name": "{name}"},
	),
	"delete items": (
		"POST",
		METHOD + "frappe.desk.reportview.delete_items",
		{"doctype": "Access Log Entry", "items": '["{name}"]'},
	),
	"bulk update": (
		"POST",
		METHOD + "frappe.client.bulk_update",
		{"docs": '[{"doctype": "Access Log Entry", "docname": "{name}", "user": "somebody"}]'},
	),
	"rename": (
		"POST",
		METHOD + "frappe.client.rename_doc",
		{"doctype": "Access Log Entry", "old_name": "{name}", "new_name": "999999999"},
	),
	"save in Desk": (
		"POST",
		METHOD + "frappe.desk.form.save.savedocs",
		{"doc": '{"doctype": "Access Log Entry", "name": "{name}", "user": "somebody"}', "action": "Save"},
	),
	"tag": (
		"POST",
		METHOD + "frappe.desk.doctype.tag.tag.add_tag",
		{"tag": "x", "dt": "Access Log Entry", "dn": "{name}"},
	),
	"share": (
		"POST",
		METHOD + "frappe.share.add",
		{"doctype": "Access Log Entry", "name": "{name}", "user": "Administrator"},
	),
}


def list_rows() -> list[Any]:
	"""Return all that the log holds. Tags of an entry are not a part of it."""
	frappe.db.rollback()
	columns = ", ".join(f"`{column}`" for column in (*Entry._fields, "entry_hash"))
	return [
		frappe.db.sql(f"select {columns} from `tabAccess Log Entry` order by name"),  # noqa: S608
		frappe.db.sql("select * from `tabAccess Log Batch` order by name"),
		frappe.db.sql("select * from `tabAccess Log Day` order by name"),
	]


@pytest.fixture
def entry(api: Api, people: People) -> int:
	before = get_last_batch()
	api(people.manager).request("GET", f"/api/resource/Client/{people.names[0]}")
	sealing.seal_batches()
	return int(frappe.db.get_value("Access Log Entry", {"batch": (">", before)}, "name"))


@pytest.mark.parametrize("change", CHANGES)
def test_the_administrator_changes_nothing(change: str, entry: int, api: Api) -> None:
	verb, path, values = CHANGES[change]
	before = list_rows()
	body = json.loads(json.dumps(values).replace("{name}", str(entry)))
	reply = api("Administrator").request(verb, path.replace("{name}", str(entry)), json=body)
	assert list_rows() == before, reply.text
	if change not in (
		"tag",
		"bulk update",
		"delete items",
	):  # Frappe replies 200 to these and tells of the failure
		assert reply.status_code >= 400, reply.text


@pytest.mark.parametrize("method", ["save", "delete", "insert"])
def test_documents_of_the_log_refuse_changes(method: str, entry: int) -> None:
	doc = frappe.get_doc("Access Log Entry", entry)
	with pytest.raises(frappe.ValidationError, match="The access log is recorded automatically"):
		getattr(doc, method)()


@pytest.mark.parametrize("roles", [(), ("System Manager",), ("Clinical Manager",), ("Orchestrator Manager",)])
@pytest.mark.parametrize(
	"path",
	[
		"/api/resource/Access Log Entry",
		"/api/resource/Access Log Batch",
		"/api/resource/Access Log Day",
		"/api/method/orchestrator.privacy.get_record_accesses?name=x",
		"/api/method/orchestrator.privacy.get_user_accesses?user=x",
		"/api/method/orchestrator.privacy.get_unusual_accesses",
	],
)
def test_only_privacy_officers_read_the_log(path: str, roles: tuple[str, ...], api: Api) -> None:
	reply = api(factories.make_user(*roles).name).request("GET", path)
	assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")


def test_guests_do_not_read_the_log(guest: Client) -> None:
	reply = guest.get("orchestrator.privacy.get_unusual_accesses")
	assert reply.status_code in (401, 403)


def test_the_permission_of_a_privacy_officer_is_to_read(entry: int, api: Api) -> None:
	officer = api(factories.make_user("Privacy Officer").name)
	read = officer.request("GET", f"/api/resource/Access Log Entry/{entry}")
	assert (read.status_code, read.json()["data"]["name"]) == (200, entry)
	assert officer.request("DELETE", f"/api/resource/Access Log Entry/{entry}").status_code == 403
	assert officer.request("GET", "/api/resource/Client").status_code == 403
