from frappe.model.document import Document


class KipuFieldRule(Document):
	"""The target of a Kipu field, and its conflict policy."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		leave_out: DF.Check
		policy: DF.Literal["", "source", "local", "set-once", "review"]
		source: DF.Literal[
			"",
			"address_city",
			"address_country",
			"address_street",
			"address_street2",
			"address_zip",
			"admission_date",
			"alternate_phone",
			"anticipated_discharge_date",
			"bed_name",
			"building_name",
			"created_at",
			"date_of_death",
			"diagnosis_codes",
			"discharge_date",
			"discharge_or_transition_name",
			"discharge_type",
			"discharge_type_code",
			"dob",
			"email",
			"ethnicity",
			"first_contact_name",
			"first_name",
			"gender",
			"gender_identity",
			"insurance_company",
			"insurances",
			"last_name",
			"last_updated_at",
			"level_of_care",
			"location_id",
			"location_name",
			"maiden_name",
			"middle_name",
			"mr_number",
			"next_level_of_care",
			"next_level_of_care_date",
			"patient_contacts",
			"patient_tags",
			"payment_method",
			"payment_method_category",
			"phone",
			"pre_admission_status",
			"preferred_contact",
			"preferred_language",
			"preferred_name",
			"program",
			"pronouns",
			"race",
			"referrer_name",
			"room_name",
			"state",
		]
		target: DF.Data | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data

	# end: auto-generated types
