"""Invented people. Surnames are combined from parts that nobody has, mail addresses are at example.org, phone
numbers and social security numbers are from ranges that are never assigned. A person depends on seed and
number only, so that nothing is stored.
"""

import hashlib
import random
import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

T = TypeVar("T")

FIRST = (
	"Abel", "Ada", "Amos", "Anneliese", "Beatriz", "Bennet", "Camille", "Cyrus", "Dara", "Desmond", "Edie", "Elio",
	"Farah", "Felix", "Gemma", "Gideon", "Hana", "Hugo", "Ines", "Ivo", "Jonah", "Juno", "Kaya", "Kit", "Leila", "Linus",
	"Mara", "Milo", "Nadia", "Noé", "Odette", "Otis", "Paloma", "Percy", "Quinn", "Rafael", "Renée", "Rowan", "Selma",
	"Soren", "Tamsin", "Theo", "Una", "Uri", "Vera", "Viggo", "Willa", "Xavi", "Yara", "Zoltán",
)  # fmt: skip
STEM = (
	"Alder", "Ash", "Bram", "Brindle", "Calder", "Cotter", "Dapple", "Elder", "Farrow", "Fennel", "Garrow", "Hazel",
	"Ingle", "Juniper", "Kestrel", "Larch", "Marrow", "Nettle", "O’Fenn", "Pebble", "Quill", "Rook", "Sedge", "Tansy",
	"Umber", "Vesper", "Wicker", "Yarrow", "Núñe", "D'Alm",
)  # fmt: skip
ENDING = (
	"bourne", "by", "combe", "croft", "dale", "den", "field", "ford", "gate", "grove", "ham", "hurst", "ley", "mere",
	"more", "ridge", "shaw", "stead", "thorpe", "ton", "wick", "wold", "worth", "yard",
)  # fmt: skip
STREETS = (
	"Lantern Row",
	"Teasel Lane",
	"Gannet Street",
	"Old Ferry Road",
	"Copperbeech Drive",
	"Plover Court",
)
CITIES = (
	("Fallow Creek", "NY"), ("Harrowgate Bay", "IL"), ("Juniper Flats", "AZ"), ("Port Sable", "CA"), ("Lowmere", "NJ"),
)  # fmt: skip
GENDERS = (
	("Female", "Woman", "She/Her"), ("Male", "Man", "He/Him"), ("Female", "Non-binary", "They/Them"), ("Male", "", ""),
)  # fmt: skip
RACES = ("White", "Black or African American", "Asian", "American Indian or Alaska Native", "Other", "")
ETHNICITIES = ("Not Hispanic or Latino", "Hispanic or Latino", "Unknown", None)
LANGUAGES = ("English", "English", "English", "Spanish", "Vietnamese", None)
CONTACT_WAYS = ("Phone", "Email", "Text", None)
RELATIONS = ("Mother", "Father", "Spouse", "Sibling", "Friend", "Sponsor")
CONTACT_TYPES = ("Emergency Contact", "Guarantor", "Family")
INSURERS = (
	"Larkspur Health",
	"Blue Heron Mutual",
	"Commonwell Care",
	"Northgate Benefit",
	"Self-Reliant Life",
)


class Dice(random.Random):
	"""Fast random draws, slightly uneven but three times as fast: a record is generated again each time it is
	requested.
	"""

	def choice(self, seq: Sequence[T]) -> T:  # type: ignore[override]
		"""Return one of the values."""
		return seq[int(self.random() * len(seq))]

	def randint(self, a: int, b: int) -> int:
		"""Return a number from `a` to `b`."""
		return a + int(self.random() * (b - a + 1))


def compute_person_id(seed: int, person: int) -> str:
	"""Return the patient master uuid."""
	digest = hashlib.md5(f"{seed}:{person}".encode(), usedforsecurity=False).digest()
	return str(uuid.UUID(bytes=digest, version=4))


def build_person_fields(seed: int, person: int) -> dict[str, Any]:
	"""Return all fields of the person, under Kipu's names; they are equal in each of their stays."""
	dice = Dice(seed * 1_000_003 + person)
	first, last = dice.choice(FIRST), draw_surname(dice)
	gender, identity, pronouns = dice.choice(GENDERS)
	city, state = dice.choice(CITIES)
	mail = f"{first}.{last}.{person}@example.org".lower().replace("’", "").replace("'", "")
	return {
		"first_name": first,
		"middle_name": dice.choice(FIRST)[0] if dice.random() < 0.4 else "",
		"last_name": last,
		"preferred_name": first[:3] if dice.random() < 0.1 else None,
		"maiden_name": draw_surname(dice) if dice.random() < 0.1 else "",
		"dob": f"{dice.randint(1948, 2005)}-{dice.randint(1, 12):02d}-{dice.randint(1, 28):02d}",
		"gender": gender,
		"gender_identity": identity,
		"pronouns": pronouns,
		"race": dice.choice(RACES),
		"ethnicity": dice.choice(ETHNICITIES),
		"preferred_language": dice.choice(LANGUAGES),
		"date_of_death": None,
		"ssn": f"9{dice.randint(0, 99):02d}-{dice.randint(1, 49):02d}-{dice.randint(1, 9999):04d}",
		"email": mail if dice.random() < 0.9 else "",
		"phone": draw_phone(dice),
		"alternate_phone": draw_phone(dice) if dice.random() < 0.3 else None,
		"preferred_contact": dice.choice(CONTACT_WAYS),
		"address_street": f"{dice.randint(1, 999)} {dice.choice(STREETS)}",
		"address_street2": f"Apt {dice.randint(1, 40)}" if dice.random() < 0.2 else "",
		"address_city": city,
		"state": state,
		"address_zip": f"{dice.randint(501, 99950):05d}",
		"address_country": "United States",
		"patient_contacts": [_draw_contact(dice) for _ in range(dice.randint(0, 2))],
		"insurances": [_draw_insurance(dice, number) for number in range(1, dice.randint(1, 3))],
	}


def draw_surname(dice: Dice) -> str:
	"""Return an invented surname."""
	return dice.choice(STEM) + dice.choice(ENDING)


def draw_phone(dice: Dice) -> str:
	"""Return a number of the 555-01xx block."""
	return f"{dice.choice((212, 312, 480, 213))}-555-01{dice.randint(0, 99):02d}"


def _draw_contact(dice: Dice) -> dict[str, Any]:
	first, last = dice.choice(FIRST), draw_surname(dice)
	return {
		"full_name": f"{first} {last}",
		"relationship": dice.choice(RELATIONS),
		"contact_type": dice.choice(CONTACT_TYPES),
		"phone": draw_phone(dice),
		"email": None,
	}


def _draw_insurance(dice: Dice, priority: int) -> dict[str, Any]:
	return {
		"insurance_company": dice.choice(INSURERS),
		"plan_type": dice.choice(("PPO", "HMO", "EPO")),
		"policy_number": f"ZZ{dice.randint(10**7, 10**8 - 1)}",
		"group_number": f"G{dice.randint(1000, 9999)}",
		"priority": str(priority),
		"effective_date": f"{dice.randint(2018, 2025)}-01-01",
		"termination_date": None,
	}
