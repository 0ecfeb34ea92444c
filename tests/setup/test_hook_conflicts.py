"""The doctor reports hooks that another app replaces, requests that the rate limit counts, and users who read
clients.
"""

import json
from collections.abc import Callable

import pytest

import frappe
from frappe.model.document import Document

from orchestrator.setup import access_checks, hook_conflicts
from tests.support import bench
from tests.support.rate_limits import override_rate_limit


class OtherComment(Document):
	"""A class of another app that replaces this app's."""


@pytest.fixture
def with_hooks(site: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, dict[str, str]], None]:
	"""Return `with_hooks(hook, entries)`: adds entries of an app that is installed after this one."""
	get_hooks = frappe.get_hooks
	later: dict[str, dict[str, str]] = {}

	def get_hooks_with_later_app(hook: str | None = None, *args: object, **kwargs: object) -> object:
		hooks = get_hooks(hook, *args, **kwargs)
		if not later.get(hook or "") or kwargs.get("app_name"):
			return hooks
		return {
			**hooks,
			**{name: [*hooks.get(name, []), path] for name, path in later[hook or ""].items()},
		}

	def add(hook: str, entries: dict[str, str]) -> None:
		later[hook] = entries

	monkeypatch.setattr(frappe, "get_hooks", get_hooks_with_later_app)
	return add


def test_no_method_of_orchestrator_is_overridden(site: str) -> None:
	assert hook_conflicts.check_overrides().level == "ok"
	assert hook_conflicts.check_permission_hooks().level == "ok"


@pytest.mark.parametrize("method", ["frappe.client.get_list", "upload_file", "orchestrator.crm.get_leads"])
def test_an_overridden_method_is_named(with_hooks: Callable, method: str) -> None:
	with_hooks("override_whitelisted_methods", {method: "later.api.method"})
	finding = hook_conflicts.check_overrides()
	assert (finding.level, finding.found) == ("fail", f"overridden: {method} by later.api.method")
	assert finding.remedy


def test_override_of_a_foreign_method_is_not_a_conflict(with_hooks: Callable) -> None:
	with_hooks("override_whitelisted_methods", {"frappe.client.get_count": "later.api.method"})
	assert hook_conflicts.check_overrides().level == "ok"


def test_an_overridden_class_is_named(with_hooks: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(hook_conflicts, "get_controller", lambda _doctype: OtherComment)
	with_hooks(
		"override_doctype_class", {"Comment": "later.OtherComment", "Auto Email Report": "later.Report"}
	)
	finding = hook_conflicts.check_overrides()
	assert finding.level == "fail"
	assert "Comment by later.OtherComment" in finding.found
	assert "Auto Email Report by later.Report" in finding.found


def test_a_class_derived_from_ours_is_in_order(with_hooks: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
	from orchestrator.helpdesk.ticket_comment import TicketComment

	derived = type("DerivedComment", (TicketComment,), {})
	monkeypatch.setattr(hook_conflicts, "get_controller", lambda _doctype: derived)
	with_hooks("override_doctype_class", {"Comment": "later.DerivedComment"})
	assert hook_conflicts.check_overrides().level == "ok"


def test_an_overridden_class_of_our_own_doctypes_is_named(with_hooks: Callable) -> None:
	with_hooks("override_doctype_class", {"Client": "later.Client"})
	assert hook_conflicts.check_overrides().found == "overridden: Client by later.Client"


@pytest.mark.parametrize(("doctype", "named"), [("Salary Slip", "Salary Slip"), ("*", "every DocType")])
def test_a_permission_hook_that_is_asked_before_ours_is_named(
	with_hooks: Callable, doctype: str, named: str
) -> None:
	with_hooks("has_permission", {doctype: "later.has_permission"})
	finding = hook_conflicts.check_permission_hooks()
	assert (finding.level, finding.found) == (
		"warn",
		f"run before those of this app: {named} by later.has_permission",
	)


def test_query_conditions_add_up(with_hooks: Callable) -> None:
	with_hooks("permission_query_conditions", {"Salary Slip": "later.conditions"})
	assert hook_conflicts.check_overrides().level == hook_conflicts.check_permission_hooks().level == "ok"


def test_rate_limit_scope_is_reported(site: str) -> None:
	assert access_checks.check_rate_limit().found == "the token bucket works; it applies to all of /api/"
	with override_rate_limit(rate_limit_scope="Documented Calls"):
		assert access_checks.check_rate_limit().found.endswith("it applies to the documented calls only")
	with override_rate_limit(rate_limit_enabled=0):
		assert access_checks.check_rate_limit().level == "warn"


def test_roles_with_read_access_to_clients_are_reported(site: str) -> None:
	finding = access_checks.check_client_readers()
	assert (finding.level, "Client: read by" in finding.found, "Clinical User" in finding.found) == (
		"ok",
		True,
		True,
	)
	assert "level 1 by" in finding.found


def test_clients_that_everybody_reads_are_a_failure(site: str) -> None:
	try:
		frappe.permissions.add_permission("Client", "All", 0)
		finding = access_checks.check_client_readers()
		assert (finding.level, "Every user has All" in finding.found) == ("fail", True)
	finally:
		frappe.db.rollback()
		frappe.clear_cache(doctype="Client")


def test_the_command_tells_them(site: str) -> None:
	result = bench.run_command("orchestrator", "doctor", "--json", check=False)
	findings = {finding["check"]: finding for finding in json.loads(result.stdout)}
	assert findings["hooks"]["level"] == findings["permission hooks"]["level"] == "ok"
	assert findings["client records"]["level"] == "ok"
	assert "all of /api/" in findings["rate limit"]["found"]
