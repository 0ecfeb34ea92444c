"""The state of the simulated instance: all stays, and all changes since it started.

What can be computed from a number (names, words) is not stored. Fields that queries filter by are in flat
arrays, some 60 bytes a stay; manual changes are in a dict. Every method may be called from any thread.
"""

import random
import threading
import time
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, Literal

from orchestrator.kipu_simulator import people
from orchestrator.kipu_simulator.places import PLACES

CHART_BASE = 1000
HISTORY_DAYS = 1095
# Minimum age of the invented history, so that an incremental read finds only changes made by calls.
QUIET_DAYS = 4
MINUTE, DAY = 60, 86400
NEVER = 0

Mode = Literal["classic", "episodes"]
BareDates = Literal["local", "utc"]


@dataclass(slots=True)
class Settings:
	"""Behaviour of the instance. `skew`: seconds that its clock is ahead. `per_cap`: maximum page size.
	`bare_dates`: a date without a time of day is written as midnight at the facility ("local") or in UTC
	("utc"). `telling`: a refusal gives the reason, which it does not by default. `as_of`: the day on which
	the invented history ends, today if None; with the same day and seed, a restarted instance has the same
	people and stays.
	"""

	seed: int = 1
	mode: Mode = "classic"
	bare_dates: BareDates = "local"
	telling: bool = False
	as_of: date | None = None
	per_cap: int = 500
	skew: float = 0.0
	added_fields: dict[str, Any] = field(default_factory=dict)
	dropped_fields: set[str] = field(default_factory=set)


class World:
	"""The stays, by number from 0. A stay's chart is its number plus `CHART_BASE`. Days count as `date.toordinal` does."""

	def __init__(
		self, people: int, settings: Settings | None = None, now: Callable[[], float] = time.time
	) -> None:
		self.settings = settings or Settings()
		self.version = 0
		self.lock = threading.RLock()
		self._now = now
		self.person = array("L")
		self.location = array("B")
		self.admitted = array("L")
		self.discharged = array("L")
		self.created = array("d")
		self.updated = array("d")
		self.deleted = array("d")
		self.hidden = bytearray()
		self.edits: dict[int, dict[str, Any]] = {}
		self.people = people
		self._generate_stays(people)

	def __len__(self) -> int:
		return len(self.person)

	def get_now(self) -> float:
		"""Return seconds since the epoch by this instance's clock."""
		return self._now() + self.settings.skew

	def get_today(self, stay: int | None = None) -> int:
		"""Return the day at the stay's location, or in UTC."""
		zone = timezone.utc if stay is None else PLACES[self.location[stay]].zone
		return datetime.fromtimestamp(self.get_now(), zone).toordinal()

	def get_latest_day(self, stay: int) -> int:
		"""Return the last day on which the stay's time of day has passed: changes made now are not scheduled
		for later.
		"""
		today = self.get_today(stay)
		return today if self.compute_instant(stay, today).timestamp() <= self.get_now() else today - 1

	def get_minute(self, stay: int) -> int:
		"""Return the times of day at which a stay begins and ends, in local minutes.

		Every second stay uses midnight, as bare dates do.
		"""
		return 0 if stay % 2 else 8 * 60 + (stay * 37) % (14 * 60)

	def compute_instant(self, stay: int, day: int) -> datetime:
		"""Return the time of a stay's day, aware, in UTC."""
		local = datetime.fromordinal(day) + timedelta(minutes=self.get_minute(stay))
		return local.replace(tzinfo=PLACES[self.location[stay]].zone).astimezone(timezone.utc)

	def is_in_care(self, stay: int) -> bool:
		"""Return True if a stay is admitted and not yet discharged."""
		last = self.discharged[stay]
		if not self.admitted[stay] or last == NEVER:
			return bool(self.admitted[stay])
		# The time of day counts only within a day of now, which is rare in a large history.
		if abs(last - self.get_today()) > 1:
			return last > self.get_today()
		return self.compute_instant(stay, last).timestamp() > self.get_now()

	# Actions at the facility

	def admit(self, stay: int, day: int | None = None) -> int:
		"""Admit a person with a pre-admission."""
		with self.lock:
			self.admitted[stay] = day or self.get_latest_day(stay)
			return self.touch(stay)

	def admit_new(self, location: int = 0, day: int | None = None) -> int:
		"""Admit a new person. Return the stay."""
		with self.lock:
			self.people += 1
			return self._draw_admission(self.people - 1, location, day)

	def preadmit_new(self, location: int = 0) -> int:
		"""Register a new person for a later admission. Return the stay."""
		with self.lock:
			self.people += 1
			stay = self._append(self.people - 1, location, NEVER, NEVER, self.get_now(), self.get_now())
			return self.touch(stay)

	def discharge(self, stay: int, day: int | None = None) -> int:
		"""End a stay, now or on another day; a future discharge is only planned."""
		with self.lock:
			self.discharged[stay] = day or self.get_latest_day(stay)
			return self.touch(stay)

	def undo_discharge(self, stay: int) -> int:
		"""Undo a discharge."""
		with self.lock:
			self.discharged[stay] = NEVER
			return self.touch(stay)

	def register_again(self, stay: int, location: int = 0) -> int:
		"""Register a person again under a second master record: same name and date of birth, in another
		spelling.

		Return the new stay.
		"""
		with self.lock:
			fields = people.build_person_fields(self.settings.seed, self.person[stay]) | self.edits.get(
				stay, {}
			)
			again = self.admit_new(location)
			self.edits[again] = {
				"first_name": fields["first_name"].upper(),
				"last_name": f" {fields['last_name']}",
				"dob": fields["dob"],
			}
			return again

	def give_chart_away(self, stay: int, person: int) -> int:
		"""Assign the chart's number to another master record, as after a merge of two.

		Return the stay.
		"""
		chart = f"{stay + CHART_BASE}:{people.compute_person_id(self.settings.seed, person)}"
		return self.set_field(stay, "casefile_id", chart)

	def readmit(self, stay: int, location: int | None = None) -> int:
		"""Readmit a person: to a new chart, or in episode mode to the same one. Return the stay."""
		with self.lock:
			where = self.location[stay] if location is None else location
			if self.settings.mode == "classic":
				return self._draw_admission(self.person[stay], where)
			self.location[stay] = where
			self.discharged[stay] = NEVER
			return self.admit(stay)

	def transfer(self, stay: int, location: int) -> int:
		"""Transfer a person: the old chart is closed and another opened; in episode mode, the chart
		continues.
		"""
		with self.lock:
			if self.settings.mode == "classic":
				self.discharge(stay)
				return self._draw_admission(self.person[stay], location)
			self.location[stay] = location
			return self.touch(stay)

	def delete(self, stay: int) -> int:
		"""Delete a stay softly: it disappears from every list and stays in the vault."""
		with self.lock:
			self.deleted[stay] = self.get_now()
			return self.touch(stay)

	def restore(self, stay: int) -> int:
		"""Undo a deletion."""
		with self.lock:
			self.deleted[stay] = NEVER
			self.hidden[stay] = 0
			return self.touch(stay)

	def vanish(self, share: float, seed: int = 0) -> int:
		"""Remove a share of those in care from every list, without the vault. Return the number."""
		dice = random.Random(seed)  # noqa: S311
		with self.lock:
			chosen = [stay for stay in range(len(self)) if self.is_in_care(stay) and dice.random() < share]
			for stay in chosen:
				self.hidden[stay] = 1
			self.version += 1
			return len(chosen)

	def reappear(self) -> None:
		"""Bring back every stay that vanished."""
		with self.lock:
			self.hidden = bytearray(len(self))
			self.version += 1

	# Changes of records

	def set_field(self, stay: int, name: str, value: Any, touch: bool = True) -> int:
		"""Change a field of one record, under any name."""
		with self.lock:
			self.edits.setdefault(stay, {})[name] = value
			return self.touch(stay) if touch else stay

	def add_field(self, name: str, value: Any) -> None:
		"""Add a field to every record."""
		with self.lock:
			self.settings.added_fields[name] = value
			self.version += 1

	def drop_field(self, name: str) -> None:
		"""Remove a field from every record."""
		with self.lock:
			self.settings.dropped_fields.add(name)
			self.version += 1

	def touch(self, stay: int) -> int:
		"""Mark the record as updated now. Return the stay."""
		with self.lock:
			self.updated[stay] = self.get_now()
			self.version += 1
			return stay

	def _draw_admission(self, person: int, location: int, day: int | None = None) -> int:
		stay = self._append(person, location, NEVER, NEVER, self.get_now(), self.get_now())
		return self.admit(stay, day)

	def _append(
		self, person: int, location: int, admitted: int, discharged: int, created: float, updated: float
	) -> int:
		self.person.append(person)
		self.location.append(location)
		self.admitted.append(admitted)
		self.discharged.append(discharged)
		self.created.append(created)
		self.updated.append(updated)
		self.deleted.append(NEVER)
		self.hidden.append(0)
		return len(self.person) - 1

	def _generate_stays(self, people: int) -> None:
		"""Generate the history. It is drawn in order, so that a larger world begins with the smaller one."""
		dice = random.Random(self.settings.seed)  # noqa: S311
		as_of = self.settings.as_of
		quiet = (as_of.toordinal() if as_of else self.get_today()) - QUIET_DAYS
		midnight = (quiet - date(1970, 1, 1).toordinal()) * DAY
		for person in range(people):
			location = dice.randrange(len(PLACES))
			kind = dice.random()
			day = quiet - dice.randrange(HISTORY_DAYS)
			if kind < 0.03:
				stamp = midnight - dice.randrange(20 * DAY)
				self._append(person, location, NEVER, NEVER, stamp, stamp)
				continue
			again = kind > 0.9
			end = self._draw_past_stay(person, location, day, dice.randint(7, 60), quiet, midnight, kind)
			if again and end and end + 30 < quiet:
				self._draw_past_stay(person, location, end + 30, dice.randint(7, 60), quiet, midnight, kind)

	def _draw_past_stay(
		self, person: int, location: int, day: int, length: int, quiet: int, midnight: float, kind: float
	) -> int:
		"""Return a stay of the history.

		Return the day of discharge, 0 while in care (some with a planned discharge).
		"""
		created = midnight - (quiet - day + 1) * DAY
		if day + length <= quiet:
			stamp = midnight - (quiet - day - length) * DAY
			self._append(person, location, day, day + length, created, stamp)
			return day + length
		planned = quiet + QUIET_DAYS + 30 if kind < 0.08 else NEVER
		self._append(person, location, day, planned, created, midnight - MINUTE)
		return NEVER
