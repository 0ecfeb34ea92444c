"""The factories themselves: each default record is valid on a real site."""

import pytest

import frappe

from tests.support import factories

MAKERS = (
	factories.make_customer,
	factories.make_lead,
	factories.make_opportunity,
	factories.make_issue,
	factories.make_project,
	factories.make_task,
	factories.make_employee,
)


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_a_record_from_defaults_is_saved_and_no_two_are_the_same(site, maker):
	first, second = maker(), maker()
	assert first.name != second.name
	assert frappe.db.exists(first.doctype, first.name)


def test_a_user_has_the_roles_asked_for_and_a_token_that_stays(site):
	user = factories.make_user("Sales User", "Support Team")
	assert {"Sales User", "Support Team"} <= set(frappe.get_roles(user.name))
	assert factories.get_token(user.name) == factories.get_token(user.name)
