"""Purposes of use that a caller may give with a request: codes of HL7 (PurposeOfUse), so no free text is logged."""

from typing import Final

from frappe import _

from orchestrator.exceptions import InvalidRequestError, refuse

HEADER: Final = "X-Purpose-Of-Use"
PURPOSES: Final = (
	"COVERAGE",  # enrolment in a health plan, or coverage by it
	"ETREAT",  # emergency treatment
	"HLEGAL",  # a legal proceeding
	"HOPERAT",  # health care operations
	"HPAYMT",  # payment
	"HRESCH",  # research
	"PATRQT",  # a request of the patient
	"PUBHLTH",  # public health
	"SYSADMIN",  # administration of the system
	"TREAT",  # treatment
)


def parse_purpose(text: str | None) -> str:
	"""Return a purpose of use, an empty text for none.

	Raises:
		InvalidRequestError: 400. There is no such purpose.
	"""
	purpose = (text or "").strip().upper()
	if purpose and purpose not in PURPOSES:
		refuse(
			_("{0} must be one of {1}.").format(HEADER, ", ".join(PURPOSES)),
			InvalidRequestError,
		)
	return purpose
