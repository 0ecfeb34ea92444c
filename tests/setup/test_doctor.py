"""`bench orchestrator doctor`: its checks, its messages, its exit codes."""

import json
import re

import pytest

import frappe

from orchestrator.setup import declarations
from tests.support import bench, factories
from tests.support.source import ROOT, list_imports


@pytest.fixture
def doctor(site):
	"""Return the module, which needs the site's Frappe."""
	from orchestrator.setup import doctor

	return doctor


@pytest.fixture
def versions(site):
	"""Return the module, which needs the site's Frappe."""
	from orchestrator.setup import versions

	return versions


def test_the_command_tells_each_finding_as_json_and_ends_by_the_worst(site):
	result = bench.run_command("orchestrator", "doctor", "--json", check=False)
	findings = {finding["check"]: finding for finding in json.loads(result.stdout)}
	assert findings["declarations"]["level"] == "ok"
	assert findings["hooks"]["level"] == "ok"
	assert findings["redis"]["level"] == "ok"
	assert findings["rate limit"]["level"] == "ok"
	assert findings["company"]["level"] == "ok"
	assert result.returncode == int(any(finding["level"] == "fail" for finding in findings.values()))


def test_the_command_prints_one_line_per_check_and_one_to_mend(site):
	lines = bench.run_command("orchestrator", "doctor", check=False).stdout.splitlines()
	assert "ok   declarations: all fields, options, roles and indexes exist" in lines
	assert all(line.startswith(("ok   ", "warn ", "fail ", "     ")) for line in lines)


def test_a_missing_field_is_a_failure_that_says_migrate(doctor, monkeypatch, site):
	missing = declarations.Declaration("custom fields", list_missing=lambda: ["Lead.topic"])
	monkeypatch.setattr(declarations, "DECLARATIONS", (missing,))
	finding = doctor.check_declarations()
	assert (finding.level, finding.found) == ("fail", "missing: Lead.topic")
	assert finding.remedy == f"Run bench --site {site} migrate."


def test_no_worker_is_a_failure(doctor, monkeypatch):
	monkeypatch.setattr(doctor, "get_workers", list)
	assert doctor.check_workers().level == "fail"


def test_a_paused_scheduler_is_a_warning(doctor, monkeypatch):
	monkeypatch.setattr(doctor, "is_scheduler_inactive", lambda verbose: True)
	assert doctor.check_scheduler().level == "warn"


def test_a_method_that_a_later_app_overrides_is_named(doctor, monkeypatch):
	get_hooks = doctor.frappe.get_hooks

	def hooks_with_a_later_app(hook=None, *args, **kwargs):
		hooks = get_hooks(hook, *args, **kwargs)
		if hook == "override_whitelisted_methods" and not kwargs:
			hooks = {**hooks, "frappe.client.get": [*hooks["frappe.client.get"], "later.get"]}
		return hooks

	monkeypatch.setattr(doctor.frappe, "get_hooks", hooks_with_a_later_app)
	finding = doctor.check_overrides()
	assert (finding.level, finding.found) == ("fail", "overridden: frappe.client.get by later.get")


def test_a_check_that_breaks_is_a_finding(doctor, monkeypatch):
	def check_nothing():
		raise ConnectionError("no route")

	monkeypatch.setattr(doctor, "CHECKS", (check_nothing,))
	assert doctor.run_checks() == [doctor.Finding("nothing", "fail", "ConnectionError", "no route")]


def test_the_bounds_are_those_that_bench_checks(versions):
	section = re.search(
		r"\[tool\.bench\.frappe-dependencies\]\n(.*?)\n\n", (ROOT / "pyproject.toml").read_text(), re.DOTALL
	)
	assert dict(re.findall(r'^(\w+) = "(.+)"$', section[1], re.MULTILINE)) == versions.VERSION_BOUNDS


@pytest.mark.parametrize(
	("version", "fits"),
	[
		("14.99.5", False),
		("15.39.9", False),
		("15.40.0", True),
		("15.105.2", True),
		("16.0.0-beta.1", True),
		("16.9.0", True),
		("17.0.0-dev", False),
	],
)
def test_a_version_is_held_to_its_bounds(versions, version, fits):
	assert versions.is_within(version, versions.VERSION_BOUNDS["frappe"]) is fits


@pytest.mark.parametrize(
	("version", "way_up"),
	[
		("13.58.0", "Frappe 13 has ended. Migrate the site to Frappe 15 (bench switch-to-branch version-15"),
		("14.99.5", "Frappe 14 ended in January 2026. Migrate the site to Frappe 15 (bench switch-to-branch"),
		("15.39.9", "Update it with bench update, then install Orchestrator."),
		("17.0.0-dev", "Use a bench of Frappe 16, or a later version of Orchestrator that names this one."),
	],
)
def test_installation_on_another_line_stops_and_names_the_way_up(versions, monkeypatch, version, way_up):
	monkeypatch.setattr(frappe, "__version__", version)
	with pytest.raises(frappe.IncompatibleApp) as refusal:
		versions.before_install()
	assert str(refusal.value).startswith(
		f"Orchestrator runs on Frappe 15.40 or later and on Frappe 16. This bench has Frappe {version}. {way_up}"
	)


def test_installation_checks_the_version_before_other_imports(site):
	assert (
		frappe.get_hooks("before_install", app_name="orchestrator")[0]
		== "orchestrator.setup.versions.before_install"
	)
	imported = {found.module for found in list_imports("orchestrator.setup.versions")}
	assert imported == {"orchestrator.exceptions"}
	assert list(list_imports("orchestrator.exceptions")) == []


def test_installation_is_admitted_on_this_line(versions):
	versions.before_install()


def test_an_hr_user_limited_to_their_own_record_is_a_warning(doctor, site):
	user = factories.make_user("HR User").name
	employee = factories.make_employee(user_id=user)
	finding = doctor.check_hr_reach()
	assert (finding.level, "users with an HR role see only" in finding.found) == ("warn", True)
	employee.update({"create_user_permission": 0}).save()
	tied = frappe.get_all("User Permission", {"user": user, "allow": "Employee"})
	frappe.db.commit()
	assert tied == []


def test_missing_templates_for_leave_messages_are_a_warning(doctor, site):
	frappe.db.set_single_value("HR Settings", "send_leave_notification", 1)
	for fieldname in doctor.LEAVE_TEMPLATES:
		frappe.db.set_single_value("HR Settings", fieldname, None)
	finding = doctor.check_leave_templates()
	assert (finding.level, finding.remedy) == ("warn", "Choose e-mail templates in HR Settings.")
	frappe.db.set_single_value("HR Settings", "send_leave_notification", 0)
	assert doctor.check_leave_templates().level == "ok"
	frappe.db.rollback()


def test_a_place_for_documents_that_cannot_be_written_to_is_a_failure(doctor, site, monkeypatch):
	monkeypatch.setattr(doctor.os, "access", lambda *_args: False)
	finding = doctor.check_documents()
	assert (finding.level, "not writable" in finding.found) == ("fail", True)
