"""Public client libraries work with this app as they do with Frappe alone."""

import json
import re
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from frappe_client.frappe_client import FrappeRequest
from frappeclient import FrappeClient

from tests.conftest import BENCH
from tests.support import factories
from tests.support.source import ROOT

Calls = dict[str, dict[str, Any]]
# Values that differ between records and between runs.
VOLATILE_KEYS = frozenset({"creation", "modified", "name", "docname", "reference_name", "content_hash"})
# Keys that the contract adds to records of documented calls.
ADDED_KEYS = frozenset({"email"})
# Keys of a whole reply, which some clients return.
ENVELOPE = frozenset({"message", "data", "exc", "keys"})


@pytest.fixture(scope="module")
def both_servers(server: str, bare_server: str, frappe_site: str) -> tuple[str, str]:
	"""Return the addresses of the site with the app and without it."""
	return server, bare_server


@pytest.fixture(scope="module")
def credentials(frappe_site: str) -> tuple[str, str]:
	return factories.get_token(factories.make_user("Sales User", "Sales Manager", "System Manager").name)


def test_frappe_js_sdk(both_servers: tuple[str, str], credentials: tuple[str, str], site: str) -> None:
	assert_alike(*(_run_javascript(base, site, ":".join(credentials)) for base in both_servers), calls=19)


def test_frappe_client(both_servers: tuple[str, str], credentials: tuple[str, str], site: str) -> None:
	assert_alike(*(_run_frappe_client(base, site, *credentials) for base in both_servers), calls=12)


def test_py_frappe_client(both_servers: tuple[str, str], credentials: tuple[str, str], site: str) -> None:
	assert_alike(*(_run_frappe_request(base, site, *credentials) for base in both_servers), calls=7)


def assert_alike(ours: Calls, stock: Calls, calls: int) -> None:
	"""Assert that every call that works on stock gives the same here."""
	assert len(stock) == calls
	for name, expected in stock.items():
		assert ours[name]["ok"] == expected["ok"], (name, ours[name], expected)
		if expected["ok"]:
			assert _normalize(ours[name]["value"]) == _normalize(expected["value"]), name


def _normalize(value: Any) -> Any:
	"""Return the value without names, moments and the marks of the run."""
	if isinstance(value, dict) and "message" in value and value.keys() <= ENVELOPE:
		return _normalize(value["message"])
	if isinstance(value, dict):
		kept = {key: item for key, item in value.items() if key not in VOLATILE_KEYS | ADDED_KEYS}
		# Frappe omits some empty values of a File that it has just created.
		return {key: _normalize(item) for key, item in kept.items() if key[0] != "_" and item is not None}
	if isinstance(value, list):
		return [_normalize(item) for item in value]
	if isinstance(value, str):
		return re.sub(r"public-[0-9a-f]{8}|CRM-LEAD-\d{4}-\d+|[0-9a-f]{6,10}(?=\.txt|\b)", "~", value)
	return value


def _run_javascript(base: str, site: str, token: str) -> Calls:
	"""Run the calls of frappe-js-sdk in Node."""
	modules = f"{BENCH}/.orchestrator/clients"
	assert (Path(modules) / "node_modules" / "frappe-js-sdk").is_dir(), (
		f"frappe-js-sdk is missing in {modules}: script/test installs what tests/clients/package.json names"
	)
	run = subprocess.run(
		["node", str(ROOT / "tests/clients/frappe_js_sdk.js"), base, site, token, _make_mark(), modules],
		capture_output=True, text=True, timeout=120, check=False,
	)  # fmt: skip
	assert run.returncode == 0, run.stderr
	return json.loads(run.stdout.splitlines()[-1])


def _run_frappe_client(base: str, site: str, key: str, secret: str) -> Calls:
	"""Run the calls of frappe-client (PyPI)."""
	client = FrappeClient(base)
	client.authenticate(key, secret)
	client.session.headers["Host"] = site
	mark = _make_mark()
	calls = _Recorder()
	lead = calls.run("insert", lambda: client.insert({"doctype": "Lead", "lead_name": mark}))
	name = lead["name"]
	calls.run("get_doc", lambda: client.get_doc("Lead", name))
	calls.run("get_list", lambda: client.get_list("Lead", filters={"lead_name": mark}))
	calls.run(
		"get_list ordered",
		lambda: client.get_list(
			"Lead",
			fields=["lead_name"],
			filters={"lead_name": mark},
			limit_page_length=5,
			order_by="name desc",
		),
	)
	calls.run("update", lambda: client.update({"doctype": "Lead", "name": name, "city": "Aachen"}))
	calls.run("get_value", lambda: client.get_value("Lead", "city", {"lead_name": mark}))
	calls.run("set_value", lambda: client.set_value("Lead", name, "city", "Bonn"))
	calls.run(
		"bulk_update", lambda: client.bulk_update([{"doctype": "Lead", "docname": name, "city": "Ulm"}])
	)
	calls.run(
		"get_api",
		lambda: client.get_api(
			"frappe.client.get_count", {"doctype": "Lead", "filters": json.dumps({"lead_name": mark})}
		),
	)
	calls.run(
		"get_api list",
		lambda: client.get_api(
			"frappe.client.get_list",
			{"doctype": "Lead", "filters": json.dumps({"lead_name": mark}), "fields": '"*"'},
		),
	)
	calls.run("delete", lambda: [client.delete("Lead", name)] and True)
	calls.run("get_doc of a missing record", lambda: client.get_doc("Lead", name))
	return calls.results


def _run_frappe_request(base: str, site: str, key: str, secret: str) -> Calls:
	"""Run the calls of py-frappe-client (PyPI)."""
	client = FrappeRequest(base, api_key=key, api_secret=secret)
	client.frappe_session.headers["Host"] = site
	mark = _make_mark()
	calls = _Recorder()
	insert = {"doc": {"doctype": "Lead", "lead_name": mark}}
	lead = calls.run("insert", lambda: client.post("frappe.client.insert", json=insert))
	name = lead["message"]["name"]
	target = {"doctype": "Lead", "name": name}
	calls.run("get", lambda: client.get("frappe.client.get", params=target))
	calls.run("get_doc", lambda: client.get_doc("Lead", name))
	calls.run(
		"set_value",
		lambda: client.post("frappe.client.set_value", data={**target, "fieldname": "city", "value": "Ulm"}),
	)
	calls.run(
		"get_list",
		lambda: client.get(
			"frappe.client.get_list", params={"doctype": "Lead", "filters": json.dumps({"name": name})}
		),
	)
	calls.run(
		"whole record",
		lambda: client.post(
			"frappe.client.set_value", json={**target, "fieldname": {"name": name, "city": "Bonn"}}
		),
	)
	calls.run("delete", lambda: [client.post("frappe.client.delete", data=target)] and True)
	return calls.results


class _Recorder:
	"""Records the result of each call of a client, or the class of its error."""

	def __init__(self) -> None:
		self.results: Calls = {}

	def run(self, name: str, call: Callable[[], Any]) -> Any:
		"""Make a call and keep its outcome."""
		try:
			self.results[name] = {"ok": True, "value": call()}
		except Exception as error:  # each library has exceptions of its own
			self.results[name] = {"ok": False, "value": type(error).__name__}
		return self.results[name]["value"]


def _make_mark() -> str:
	"""Return a text that tells the records of one run from all others."""
	return f"public-{uuid.uuid4().hex[:8]}"
