"""The invented facilities, each in its own time zone, and the vocabulary of a stay there."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Place:
	"""A location of the instance."""

	location_id: str
	name: str
	zone: ZoneInfo
	enabled: bool = True


PLACES = (
	Place("1", "Harbor Point Recovery", ZoneInfo("America/New_York")),
	Place("2", "Cedar Hollow House", ZoneInfo("America/Chicago")),
	Place("3", "Mesa Lantern Center", ZoneInfo("America/Phoenix")),
	Place("4", "Port Sable Lodge", ZoneInfo("America/Los_Angeles")),
)
LEVELS = ("UR LOC: Residential", "Detox", "UR LOC: PHP", "IOP", "ur loc:Outpatient")
PROGRAMS = ("Substance Use – Adult", "Dual Diagnosis", "Trauma-Informed Care", "Executive Track")
DISCHARGE_TYPES = (
	("Completed – routine", "RT"), ("\tAgainst Medical Advice (“AMA”)", "AMA"), ("Transferred — higher level", "TX"),
	("Administrative", "AD"),
)  # fmt: skip
DIAGNOSES = ("F10.20", "F11.20", "F13.20", "F14.20", "F33.1", "F41.1", "F43.10")
TAGS = ("VIP", "Fall risk", "Vegetarian", "Interpreter needed", "Alumni")
REFERRERS = ("Larkspur Clinic", "Dr. Odette Quillmere", "Alumni program", "")
PAYMENTS = (("Insurance", "Commercial"), ("Self Pay", "Private"), ("Scholarship", "Charity"))
