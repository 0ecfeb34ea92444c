"""The endpoints of the access log: who got a record, what a user got, accesses to look at, and disclosures outside."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import READ, endpoint
from orchestrator.api.schema_types import Bounded
from orchestrator.doctypes import CLIENT
from orchestrator.period import parse_date
from orchestrator.privacy import accounting, history, shapes, unusual
from orchestrator.privacy.sealing import get_today


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Accesses fetched"), effect=READ)
def get_record_accesses(
	name: str,
	doctype: str = CLIENT,
	limit: Annotated[int | str | None, Bounded(1, history.MAX_LIMIT)] = None,
	cursor: str | None = None,
) -> shapes.AccessPage:
	"""Return who got a private record, the latest first: users, and receivers of mails and webhooks.

	Args:
		name: Name of the record.
		doctype: Its DocType. Default: Client.
		limit: Number of accesses on a page, from 1 to 500. Default: 50.
		cursor: The next_cursor of the page before. Leave it out for the first page.

	Returns:
		The accesses of the page. Those of a record that does not exist, or was deleted, are returned as well.

	Permissions:
		Read permission on Access Log Entry, which the role Privacy Officer has.

	Raises:
		PermissionError: 403. The caller may not read the access log.
		InvalidRequestError: 400. A parameter is missing, `limit` is out of bounds, or `cursor` is not valid.
	"""
	history.check_permission()
	return history.list_record_accesses(doctype, name, limit, cursor)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Accesses fetched"), effect=READ)
def get_user_accesses(
	user: str,
	limit: Annotated[int | str | None, Bounded(1, history.MAX_LIMIT)] = None,
	cursor: str | None = None,
) -> shapes.AccessPage:
	"""Return which private records a user got, the latest first.

	Args:
		user: Name of the user, which is their email address.
		limit: Number of accesses on a page, from 1 to 500. Default: 50.
		cursor: The next_cursor of the page before. Leave it out for the first page.

	Returns:
		The accesses of the page.

	Permissions:
		Read permission on Access Log Entry, which the role Privacy Officer has.

	Raises:
		PermissionError: 403. The caller may not read the access log.
		InvalidRequestError: 400. A parameter is missing, `limit` is out of bounds, or `cursor` is not valid.
	"""
	history.check_permission()
	return history.list_user_accesses(user, limit, cursor)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Unusual accesses fetched"), effect=READ)
def get_unusual_accesses(
	from_date: str | None = None, to_date: str | None = None
) -> list[shapes.UnusualAccess]:
	"""Return accesses that a privacy officer should look at, the latest first.

	They are accesses of users to their own records or to those of colleagues, to more clients in an hour than the setting
	allows, and to clients of facilities to which the user is not permitted. Entries are counted once they are sealed.

	Args:
		from_date: The first day, in UTC. Default: six days before `to_date`.
		to_date: The last day, in UTC. Default: today.

	Returns:
		The accesses, each with its kind, user, client or number of clients, and the times of the first and last one.

	Permissions:
		Read permission on Access Log Entry, which the role Privacy Officer has.

	Raises:
		PermissionError: 403. The caller may not read the access log.
		InvalidRequestError: 400. A date is malformed, or the range is empty or longer than 92 days.
	"""
	history.check_permission()
	days = [
		parse_date(key, text) if text else None
		for key, text in (("from_date", from_date), ("to_date", to_date))
	]
	return unusual.list_unusual_accesses(days[0], days[1], get_today())


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Disclosures fetched"), effect=READ)
def get_disclosures(
	client: str,
	from_date: str | None = None,
	to_date: str | None = None,
	limit: Annotated[int | str | None, Bounded(1, history.MAX_LIMIT)] = None,
	cursor: str | None = None,
) -> shapes.DisclosurePage:
	"""Return which records of a client recipients outside the organisation got, the latest first.

	Args:
		client: Name of the client, who may be deleted.
		from_date: The first day, in UTC. Default: three years before `to_date`.
		to_date: The last day, in UTC. Default: today.
		limit: Number of disclosures on a page, from 1 to 500. Default: 50.
		cursor: The next_cursor of the page before. Leave it out for the first page.

	Returns:
		The disclosures of the page, each with its recipient, purpose and consent.

	Permissions:
		Read permission on Disclosure, which the role Privacy Officer has.

	Raises:
		PermissionError: 403. The caller may not read disclosures.
		InvalidRequestError: 400. A date is malformed, the range is empty or longer than three years, `limit` is out of bounds, or `cursor` is not valid.
	"""
	accounting.check_permission()
	first, last = (
		parse_date(key, text) if text else None
		for key, text in (("from_date", from_date), ("to_date", to_date))
	)
	days = accounting.parse_range(first, last)
	return accounting.build_page(client, days, history.parse_limit(limit), cursor)
