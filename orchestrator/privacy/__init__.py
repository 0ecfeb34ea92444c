"""The endpoints of privacy: who got a record, what a user got, disclosures outside, and emergency access."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.parameters import parse_choice
from orchestrator.api.schema_types import Bounded, OneOf
from orchestrator.doctypes import CLIENT
from orchestrator.period import parse_date
from orchestrator.privacy import accounting, history, shapes, unusual
from orchestrator.privacy.emergency import opening, reviews
from orchestrator.privacy.emergency import shapes as emergency_shapes
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


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Emergency access opened"), effect=CREATE)
def open_emergency_access(client: str, reason: str, password: str) -> emergency_shapes.OpenedAccess:
	"""Open one client and its stays for the caller for reading, for as long as the site allows.

	It is recorded, and the privacy officers are told. Reading is logged with the purpose BTG.

	Args:
		client: Name or person ID of the Client, or the MR number of one of its stays, exactly but for the case.
		reason: Why it is necessary, up to 1,000 characters.
		password: The caller's own password. Wrong ones count as at sign-in.

	Returns:
		The access, with the name of the Client and the time at which it ends.

	Permissions:
		The role Clinical User or Clinical Manager, in a browser in which the caller is signed in. API keys and other tokens are refused.

	Raises:
		PermissionError: 403. The site does not allow it, or the caller is no clinical user in a browser.
		WrongPasswordError: 403. The password is not right.
		LockedAccountError: 403. There were too many wrong passwords.
		InvalidRequestError: 400. A parameter is missing or too long.
		DoesNotExistError: 404. No client has this ID or number. Only callers with the right password learn it.
		EmergencyAccessConflictError: 409. The caller may read the client anyway, has it open, or several clients have the number.
	"""
	return opening.open_access(client, reason, password)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Emergency accesses fetched"), effect=READ)
def list_emergency_accesses(
	status: Annotated[str | None, OneOf(*reviews.STATUSES)] = None,
	limit: Annotated[int | str | None, Bounded(1, history.MAX_LIMIT)] = None,
	cursor: str | None = None,
) -> emergency_shapes.EmergencyAccessPage:
	"""Return emergency accesses, the latest first, by default those that are not reviewed yet.

	Args:
		status: `To Review`, `Reviewed` or `All`. Default: To Review.
		limit: Number of accesses on a page, from 1 to 500. Default: 50.
		cursor: The next_cursor of the page before. Leave it out for the first page.

	Returns:
		The emergency accesses of the page.

	Permissions:
		Read permission on Emergency Access, which the role Privacy Officer has.

	Raises:
		PermissionError: 403. The caller may not read emergency accesses.
		InvalidRequestError: 400. `status` is none of these, `limit` is out of bounds, or `cursor` is not valid.
	"""
	reviews.check_permission()
	chosen = parse_choice("status", status, reviews.STATUSES) or reviews.TO_REVIEW
	return reviews.list_accesses(chosen, limit, cursor)


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Emergency access reviewed"), effect=WRITE)
def review_emergency_access(name: str, finding: str) -> emergency_shapes.EmergencyAccessEntry:
	"""Store what the caller found about an emergency access that is over. Nobody changes it afterwards.

	Args:
		name: Name of the Emergency Access.
		finding: What was found, up to 2,000 characters.

	Returns:
		The emergency access with its review.

	Permissions:
		Read permission on Emergency Access, which the role Privacy Officer has. Nobody reviews their own.

	Raises:
		PermissionError: 403. The caller may not review emergency accesses, or it is their own.
		InvalidRequestError: 400. A parameter is missing, or the finding is too long.
		DoesNotExistError: 404. There is no such emergency access.
		EmergencyAccessConflictError: 409. It is not over yet, or is reviewed already.
	"""
	reviews.check_permission()
	return reviews.review_access(name, finding)
