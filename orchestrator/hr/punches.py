"""Check in and out, without duplicates. The record, the shift and the geofence are HRMS's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import frappe
from frappe import _

from orchestrator import clock, period
from orchestrator.api.parameters import parse_json
from orchestrator.configuration import get_settings
from orchestrator.doctypes import EMPLOYEE_CHECKIN
from orchestrator.exceptions import ConflictError, InvalidRequestError, refuse
from orchestrator.hr import employees, error_remedies
from orchestrator.hr.shapes import Punch

Direction = Literal["IN", "OUT"]
IN: Direction = "IN"
OUT: Direction = "OUT"
MAX_LATITUDE, MAX_LONGITUDE = 90.0, 180.0


class InvalidPunchTimeError(frappe.ValidationError):
	"""The time of the punch is in the future. 422."""


class DuplicatePunchConflictError(ConflictError):
	"""The employee has already made this punch. 409."""


@dataclass(frozen=True)
class PunchPlace:
	"""The place of a punch: a name, coordinates, both or neither."""

	name: str | None = None
	latitude: float | None = None
	longitude: float | None = None


def parse_place(location: str | dict | None, latitude: float | None, longitude: float | None) -> PunchPlace:
	"""Return the place of a request: `location` is a name or an object with the coordinates. 400 for anything
	else.
	"""
	if isinstance(location, str) and location.lstrip().startswith("{"):
		location = parse_json("location", location)
	if isinstance(location, dict):
		latitude, longitude = _parse_coordinates(location)
		location = None
	if (latitude is None) != (longitude is None):
		refuse(_("latitude and longitude go together. Send both or neither."), InvalidRequestError)
	if latitude is not None and longitude is not None:
		_check_coordinate("latitude", latitude, MAX_LATITUDE)
		_check_coordinate("longitude", longitude, MAX_LONGITUDE)
	return PunchPlace((location or "").strip() or None, latitude, longitude)


def _parse_coordinates(location: dict) -> tuple[float, float]:
	"""Return latitude and longitude of a location that is an object."""
	try:
		return float(location["latitude"]), float(location["longitude"])
	except (KeyError, TypeError, ValueError):
		refuse(
			_("location must be a name, or an object with the numbers latitude and longitude."),
			InvalidRequestError,
		)


def _check_coordinate(name: str, value: float, limit: float) -> None:
	"""Refuse (400) a coordinate out of range."""
	if not -limit <= value <= limit:
		refuse(_("{0} must be between {1} and {2} degrees.").format(name, -limit, limit), InvalidRequestError)


def create_punch(employee: str, direction: Direction, at: datetime | None, place: PunchPlace) -> Punch:
	"""Create the Employee Checkin, at the given time in the site's time zone or now."""
	employees.lock_employee(employee)
	moment = _parse_moment(at)
	employees.check_employed(employee, moment.date())
	_check_moment(moment)
	_check_not_repeated(employee, direction, moment, exact=at is not None and employees.is_hr())
	doc = frappe.get_doc(
		{
			"doctype": EMPLOYEE_CHECKIN,
			"employee": employee,
			"log_type": direction,
			"time": moment,
			"device_id": place.name,
			"latitude": place.latitude,
			"longitude": place.longitude,
		}
	)
	# Frappe would replace the time, because employees may not set it; it was checked above.
	doc.flags.ignore_permlevel_for_fields = ["time"]
	with error_remedies.add_remedies():
		doc.insert()
	return serialize_punch(doc)


def _parse_moment(at: datetime | None) -> datetime:
	"""Return the time of the punch: now without `at`, and now if the sender's clock is slightly ahead."""
	now = clock.get_now_to_second()
	if at is None:
		return now
	ahead = timedelta(seconds=get_settings().punch_clock_tolerance_seconds)
	return now if now < at <= now + ahead else at


def _check_moment(moment: datetime) -> None:
	"""Refuse (422) a time in the future, and (403) one earlier than the caller may enter."""
	now, tolerance = clock.get_now_to_second(), get_settings().punch_tolerance_minutes
	if moment > now:
		refuse(
			_(
				"{0} is in the future: it is {1} at this site ({2}). Send the actual time, or leave it out for the current time."
			).format(moment, now, period.get_time_zone()),
			InvalidPunchTimeError,
		)
	if not employees.is_hr() and now - moment > timedelta(minutes=tolerance):
		refuse(
			_(
				"You may check in or out for yourself at most {0} minutes late. Leave timestamp out for the current time, or ask HR to enter {1}."
			).format(tolerance, moment),
			frappe.PermissionError,
		)


def _check_not_repeated(employee: str, direction: Direction, moment: datetime, *, exact: bool) -> None:
	"""Refuse (409) a repeated punch: the same type as the last one within the tolerance, or with `exact`, of
	the same second.

	The rows stay locked, so that of two concurrent requests the second sees the first.
	"""
	window = timedelta(0) if exact else timedelta(minutes=get_settings().punch_tolerance_minutes)
	checkin = frappe.qb.DocType(EMPLOYEE_CHECKIN)
	earlier = (
		frappe.qb.from_(checkin)
		.select(checkin.log_type, checkin.time)
		.where((checkin.employee == employee) & checkin.time[moment - window : moment])
		.orderby(checkin.time, order=frappe.qb.desc)
		.orderby(checkin.creation, order=frappe.qb.desc)
		.for_update()
	).run(as_dict=True)
	same = next((row for row in earlier if row.time == moment and row.log_type == direction), None)
	if earlier and earlier[0].log_type == direction:
		same = same or earlier[0]
	if same:
		refuse(_describe_repetition(employee, direction, same.time), DuplicatePunchConflictError)


def _describe_repetition(employee: str, direction: Direction, moment: datetime) -> str:
	"""Return the message for a repeated punch."""
	if direction == IN:
		return _("{0} already checked in at {1}. The next step is to check out.").format(employee, moment)
	return _("{0} already checked out at {1}. The next step is to check in.").format(employee, moment)


def serialize_punch(row: "frappe._dict | frappe.model.document.Document") -> Punch:
	"""Return a record for the reply."""
	located = bool(row.latitude or row.longitude)
	return Punch(
		checkin=row.name,
		employee=row.employee,
		log_type=row.log_type,
		time=period.to_iso(row.time, "auto"),
		time_zone=period.get_time_zone(),
		location=row.device_id or None,
		latitude=row.latitude if located else None,
		longitude=row.longitude if located else None,
		shift=row.shift or None,
	)
