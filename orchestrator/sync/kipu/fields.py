"""The fields of a Kipu record as data: the type of each, and whether it belongs to the person or to the stay.

Facts: docs/sync.md. A field that is not here is never read; `drift` names it.
"""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["text", "code", "id", "day", "moment", "stamp", "words", "contacts", "insurances"]

# text: one line as written · code: one line in plain punctuation · id: text, or a number · day: a calendar day, never
# moved by a zone · moment: an instant that is shown as a day in the facility's zone · stamp: an instant ·
# words: a list of short texts · contacts, insurances: lists of objects
PERSON: Mapping[str, Kind] = {
	"first_name": "text",
	"middle_name": "text",
	"last_name": "text",
	"preferred_name": "text",
	"maiden_name": "text",
	"dob": "day",
	"gender": "text",
	"gender_identity": "text",
	"pronouns": "text",
	"race": "text",
	"ethnicity": "text",
	"preferred_language": "text",
	"date_of_death": "day",
	"email": "text",
	"phone": "id",
	"alternate_phone": "id",
	"preferred_contact": "text",
	"address_street": "text",
	"address_street2": "text",
	"address_city": "text",
	"state": "text",
	"address_zip": "id",
	"address_country": "text",
	"patient_contacts": "contacts",
}
STAY: Mapping[str, Kind] = {
	"mr_number": "id",
	"admission_date": "moment",
	"discharge_date": "moment",
	"anticipated_discharge_date": "moment",
	"discharge_type": "code",
	"discharge_type_code": "code",
	"discharge_or_transition_name": "code",
	"level_of_care": "code",
	"next_level_of_care": "code",
	"next_level_of_care_date": "moment",
	"program": "code",
	"location_id": "id",
	"location_name": "text",
	"building_name": "text",
	"room_name": "id",
	"bed_name": "id",
	"pre_admission_status": "code",
	"first_contact_name": "text",
	"referrer_name": "text",
	"payment_method": "code",
	"payment_method_category": "code",
	"insurances": "insurances",
	"insurance_company": "text",
	"patient_tags": "words",
	"diagnosis_codes": "words",
	"created_at": "stamp",
	"last_updated_at": "stamp",
}
FIELDS: Mapping[str, Kind] = {**PERSON, **STAY}

# Known and deliberately not read: the identity is parsed separately, social security numbers are dropped.
IGNORED_FIELDS = frozenset({"casefile_id", "ssn", "social_security_number"})

# Fields expected in every record of every list route; a missing one is reported.
EXPECTED = frozenset(
	{
		"casefile_id",
		"first_name",
		"last_name",
		"dob",
		"mr_number",
		"admission_date",
		"discharge_date",
		"level_of_care",
		"location_id",
		"location_name",
		"created_at",
		"last_updated_at",
	}
)

# Keys of objects in lists that are read, in the order of display.
CONTACT_KEYS = ("full_name", "relationship", "contact_type", "phone", "email")
INSURANCE_KEYS = (
	"insurance_company",
	"plan_type",
	"policy_number",
	"group_number",
	"priority",
	"effective_date",
	"termination_date",
)
# A text may be sent as an object; the first of these keys that exists has it.
WORD_KEYS = ("code", "name", "tag_name", "tag")
