"""The callers: none of them may read what is planted, except what `can_read` names."""

import frappe

from tests.security.caller import Caller
from tests.security.planting import World
from tests.security.recipients import RECIPIENT, create_recipient
from tests.support import factories

GUEST = "Guest"


def create_callers(world: World, keys: list[str]) -> list[Caller]:
	"""Create the callers of these keys."""
	frappe.flags.mute_emails = True
	callers = [CREATE[key](world) for key in keys]
	frappe.flags.mute_emails = False
	return callers


def _user(key: str, *roles: str, **may_read: int) -> Caller:
	return Caller(key, factories.make_user(*roles).name, may_read)


def _employee(world: World) -> Caller:
	user = factories.make_user("Employee").name
	factories.make_employee(user_id=user)
	return Caller("employee", user, {"Project": 0})  # as ERPNext has it


def _clinical(world: World) -> Caller:
	return Caller("clinical", factories.make_user("Clinical User").name, {"Client": 0, "Client Stay": 0})


def _customer(world: World) -> Caller:
	user = factories.make_user().name
	frappe.set_user(user)
	factories.make_record("HD Ticket", subject="Mine", description="Mine", raised_by=user)
	frappe.set_user("Administrator")
	return Caller("customer", user)


CREATE = {
	"guest": lambda world: Caller("guest", GUEST),
	"portal": lambda world: _user("portal"),
	"desk": lambda world: _user("desk", "Desk User"),
	"employee": _employee,
	"clinical": _clinical,
	"reports": lambda world: _user("reports", "Report Manager"),
	"kipu": lambda world: _user("kipu", "Kipu Sync Manager", **{"Kipu Connection": 0, "Sync Issue": 0}),
	"customer": _customer,
	RECIPIENT: create_recipient,
	"administrator": lambda world: Caller("administrator", "Administrator"),
}
KEYS = tuple(key for key in CREATE if key != "administrator")
