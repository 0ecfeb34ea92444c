"""The requests of a soak: those of the contract, and those of the app's features from soak_features.py."""

from random import Random
from typing import Any

from benchmarks import soak_features
from benchmarks.soak_callers import Call, Caller, Outcome, make_unique
from tests.conftest import SITE
from tests.support import factories
from tests.support.client import Client

LEAD_FIELDS = ["name", "lead_name", "email", "status", "modified"]
# Records that a caller keeps; older ones are deleted again
MAX_OWN_RECORDS = 20


def list_leads(caller: Caller, rng: Random) -> Outcome:
	filters = [["status", "in", ["Lead", "Open"]], ["lead_name", "like", f"%{rng.choice('abcdef')}%"]]
	body = {
		"doctype": "Lead",
		"fields": LEAD_FIELDS,
		"filters": filters,
		"limit_page_length": rng.randint(1, 100),
	}
	return caller.client.post("frappe.client.get_list", **body), (200,)


def list_by_cursor(caller: Caller, _rng: Random) -> Outcome:
	body = {"doctype": "Lead", "fields": LEAD_FIELDS, "cursor": "*", "limit_page_length": 50}
	return caller.client.post("frappe.client.get_list", **body), (200,)


def list_resource(caller: Caller, rng: Random) -> Outcome:
	params = {"fields": '["name","lead_name"]', "limit_start": rng.randint(0, 500)}
	return caller.client.request("GET", "/api/resource/Lead", params=params), (200,)


def get_lead(caller: Caller, rng: Random) -> Outcome:
	headers = {"If-None-Match": caller.etag} if caller.etag and rng.random() < 0.5 else {}
	reply = caller.client.get("frappe.client.get", headers, doctype="Lead", name=caller.leads[0])
	caller.etag = reply.headers.get("ETag", caller.etag)
	return reply, (200, 304)


def insert_lead(caller: Caller, _rng: Random) -> Outcome:
	headers = {"Idempotency-Key": make_unique()}
	body = {"doctype": "Lead", "lead_name": make_unique(), "email": f"{make_unique()}@harbor.example"}
	reply = caller.client.post("frappe.client.insert", headers, **body)
	if reply.status_code != 201:
		return reply, (201,)
	caller.leads.append(reply.json()["data"]["name"])
	if len(caller.leads) > MAX_OWN_RECORDS:
		name = caller.leads.pop(1)
		return caller.client.request(
			"DELETE", "/api/method/frappe.client.delete", params={"doctype": "Lead", "name": name}
		), (200,)
	return reply, (201,)


def update_lead(caller: Caller, rng: Random) -> Outcome:
	values = {
		"doctype": "Lead",
		"name": caller.choose_lead(rng),
		"fieldname": "website",
		"value": f"https://{rng.random()}.example",
	}
	return caller.client.post("frappe.client.set_value", **values), (200,)


def batch_notes(caller: Caller, rng: Random) -> Outcome:
	steps = [
		{"id": "a", "method": "frappe.client.insert", "params": {"doctype": "Note", "title": make_unique()}},
		{
			"id": "b",
			"method": "frappe.client.get_list",
			"params": {"doctype": "Note", "limit_page_length": rng.randint(1, 5)},
		},
	]
	return caller.client.post("orchestrator.api.batch", steps=steps), (200,)


def follow_changes(caller: Caller, _rng: Random) -> Outcome:
	body: dict[str, Any] = {"doctype": "Lead", "fields": ["name", "lead_name"]}
	reply = caller.client.post(
		"orchestrator.api.get_changes", **body, **({"token": caller.feed} if caller.feed else {})
	)
	caller.feed = reply.json()["data"]["token"]
	return reply, (200,)


def sum_pipeline(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.get("orchestrator.crm.get_pipeline_summary"), (200,)


def get_service_level(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.get("orchestrator.helpdesk.get_sla_status", issue=caller.issue), (200,)


def comment_on_ticket(caller: Caller, _rng: Random) -> Outcome:
	body = {"issue": caller.issue, "message": "Soaked.", "is_internal": True}
	return caller.client.post("orchestrator.helpdesk.add_issue_comment", **body), (201,)


def get_dashboard(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.get("orchestrator.insights.get_dashboard", dashboard="sales_dashboard"), (200,)


def run_report(caller: Caller, rng: Random) -> Outcome:
	day = f"2000-01-{rng.randint(1, 28):02}"
	filters = f'{{"company": "{caller.company}", "from_date": "{day}", "to_date": "2000-01-31"}}'
	return caller.client.get("frappe.desk.report.run", report_name="Lead Details", filters=filters), (200,)


def generate_report(caller: Caller, rng: Random) -> Outcome:
	body = {"report_name": "Lead Analysis", "format": rng.choice(["csv", "xlsx", "json"])}
	return caller.client.post("orchestrator.insights.generate_report", **body), (200, 201)


def upload_file(caller: Caller, rng: Random) -> Outcome:
	files = {"file": (f"{make_unique()}.txt", rng.randbytes(200).hex())}
	data = {"folder": "Home", "is_private": "1"}
	return caller.client.request("POST", "/api/method/upload_file", files=files, data=data), (201,)


def get_openapi(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.get("orchestrator.api.openapi.get_spec"), (200,)


def get_desk_page(caller: Caller, _rng: Random) -> Outcome:
	return caller.client.request("GET", "/login", headers={"Authorization": ""}), (200,)


def log_in(caller: Caller, _rng: Random) -> Outcome:
	session = Client(caller.client.base, str(SITE), headers={"X-Requested-With": "XMLHttpRequest"})
	session.login(caller.password_user, factories.PASSWORD)
	return session.get("logout"), (200,)


def ask_for_nothing(caller: Caller, rng: Random) -> Outcome:
	"""Send one of several refused requests. Names differ each time, so that a cache by name would be noticed."""
	name = f"missing-{rng.random()}"
	client = caller.client
	refused = rng.choice(
		[
			lambda: (client.get("frappe.client.get", doctype="Lead", name=name), (404,)),
			lambda: (client.get("frappe.client.get_list", doctype="Lead", fields=f'["{name}"]'), (400,)),
			lambda: (client.get(f"orchestrator.{name}.nothing"), (404,)),
			lambda: (client.get("frappe.client.get_list", doctype=f"No {name}"), (403, 404)),
			lambda: (
				client.request("GET", "/api/method/ping", headers={"Authorization": f"token {name}:x"}),
				(401,),
			),
			lambda: (client.get("frappe.client.get_list", {"Authorization": ""}, doctype="Lead"), (401, 403)),
		]
	)
	return refused()


# Of 100 requests on average, and the call
MIX: dict[str, tuple[float, Call]] = {
	"lists": (13, list_leads),
	"lists by cursor": (5, list_by_cursor),
	"lists of /api/resource": (7, list_resource),
	"reads": (16, get_lead),
	"insertions and deletions": (6, insert_lead),
	"updates": (7, update_lead),
	"batches": (4, batch_notes),
	"change feeds": (3, follow_changes),
	"pipeline summaries": (2, sum_pipeline),
	"service levels": (3, get_service_level),
	"comments": (2, comment_on_ticket),
	"dashboards": (2, get_dashboard),
	"reports": (2, run_report),
	"report files": (0.5, generate_report),
	"uploads": (1, upload_file),
	"OpenAPI documents": (0.3, get_openapi),
	"pages": (1, get_desk_page),
	"sign-ins": (0.7, log_in),
	"refusals": (7, ask_for_nothing),
	**soak_features.MIX,
}
