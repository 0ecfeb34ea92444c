"""Likely duplicate clients: the criteria, and the caller's permissions."""

import json
from uuid import uuid4

import pytest

import frappe

from tests.support import clinic, factories
from tests.support.client import get_error

REPORT = "Likely Duplicate Clients"


@pytest.fixture(scope="module")
def connection(frappe_site):
	return clinic.make_connection()


@pytest.fixture
def surname():
	return f"Larch{uuid4().hex[:8]}"


def list_groups(user: str, surname: str, facility: str | None = None) -> list[tuple[str, set[str]]]:
	"""Return (sign, names) of the groups with somebody of that surname, as the user sees them."""
	from orchestrator.sync.tools import duplicates

	frappe.set_user(user)
	try:
		found = list(duplicates.find_duplicate_groups(facility))
	finally:
		frappe.set_user("Administrator")
	mine = [group for group in found if any(surname in (client.last_name or "") for client in group.clients)]
	return [(group.sign, {client.name for client in group.clients}) for group in mine]


def test_same_name_and_date_of_birth_is_likely_ignoring_case_and_accents(site, connection, surname):
	first = clinic.make_client(connection, last_name=f"{surname}é", date_of_birth="1980-02-03")
	second = clinic.make_client(
		connection, first_name="ADA", last_name=f"{surname}E", date_of_birth="1980-02-03"
	)
	clinic.make_client(connection, last_name=f"{surname}é", date_of_birth="1980-02-04")
	clinic.make_client(connection, first_name="Abel", last_name=f"{surname}é", date_of_birth="1980-02-03")
	assert list_groups(clinic.make_clinical_user(), surname) == [
		("Name and date of birth", {first.name, second.name})
	]


def test_same_contact_and_birth_date_is_a_likely_duplicate_listed_once(site, connection, surname):
	shared = {"date_of_birth": "1981-02-03", "email": f"{surname}@example.org", "phone": surname[-8:]}
	first = clinic.make_client(connection, last_name=surname, **shared)
	second = clinic.make_client(connection, last_name=f"{surname}ton", **shared)
	phone_only = {**shared, "email": None}
	third = clinic.make_client(connection, last_name=f"{surname}by", **phone_only)
	assert list_groups(clinic.make_clinical_user(), surname) == [
		("Email and date of birth", {first.name, second.name}),
		("Phone and date of birth", {first.name, second.name, third.name}),
	]


def test_blanks_are_no_agreement_and_the_deleted_are_left_out(site, connection, surname):
	for email in (None, ""):
		clinic.make_client(
			connection, first_name=None, last_name=surname, email=email, date_of_birth="1982-02-03"
		)
	for status in ("Active", "Deleted"):
		clinic.make_client(connection, last_name=f"{surname}x", date_of_birth="1983-02-03", status=status)
	for _ in range(2):
		clinic.make_client(connection, last_name=f"{surname}y")
	assert list_groups(clinic.make_clinical_user(), surname) == []


def test_people_of_two_instances_are_compared(site, connection, surname):
	other = clinic.make_connection()
	born = {"last_name": surname, "date_of_birth": "1984-02-03"}
	names = {clinic.make_client(connection, **born).name, clinic.make_client(other, **born).name}
	assert list_groups(clinic.make_clinical_user(), surname) == [("Name and date of birth", names)]
	assert list_groups(clinic.make_clinical_user(), surname, other.default_facility) == [
		("Name and date of birth", names)
	]
	assert list_groups(clinic.make_clinical_user(), surname, clinic.make_facility().name) == []


def test_whom_the_caller_may_not_see_makes_no_group(site, connection, surname):
	elsewhere = clinic.make_facility().name
	born = {"last_name": surname, "date_of_birth": "1985-02-03"}
	clinic.make_client(connection, **born)
	clinic.make_client(connection, facility=elsewhere, **born)
	assert list_groups(clinic.make_clinical_user(elsewhere), surname) == []


@pytest.mark.parametrize("roles", [("Kipu Sync Manager",), ("Sales User",)])
def test_the_report_lists_the_groups_to_clinical_roles_alone(api, connection, surname, roles):
	born = {"last_name": surname, "date_of_birth": "1986-02-03"}
	names = [clinic.make_client(connection, **born).name for _ in range(2)]
	filters = json.dumps({"facility": connection.default_facility})
	data = (
		api(clinic.make_clinical_user())
		.get("frappe.desk.report.run", report_name=REPORT, filters=filters)
		.json()["data"]
	)
	rows = [row for row in data["rows"] if row["name"] in names]
	assert [(row["name"], row["sign"], row["full_name"]) for row in rows] == [
		(name, "Name and date of birth", f"Ada {surname}") for name in names
	]
	assert len({row["group"] for row in rows}) == 1
	assert "maiden_name" not in rows[0]
	refused = api(factories.make_user(*roles).name).get("frappe.desk.report.run", report_name=REPORT)
	assert get_error(refused) == (403, "PermissionError")
