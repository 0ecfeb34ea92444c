"""Types of the replies of the CRM endpoints."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf
from orchestrator.crm.stages import STAGES


class LeadPage(TypedDict):
	"""A page of leads, and the number of leads on all pages."""

	leads: list[dict[str, Any]]
	total: int


class PipelineSummary(TypedDict):
	"""Opportunities by stage. Money is in `currency`; `unconverted` has the amounts without an exchange rate,
	by currency, which are not part of the values.
	"""

	open: int
	qualified: int
	in_progress: int
	closed_won: int
	closed_lost: int
	total_value: float
	currency: str
	value_by_stage: dict[str, float]
	unconverted: dict[str, float]


class OpportunityStanding(TypedDict):
	"""The stage of an opportunity, and the stages to which it may be moved."""

	opportunity: str
	pipeline_stage: Annotated[str, OneOf(*STAGES)]
	status: str
	probability: float
	next_stages: list[Annotated[str, OneOf(*STAGES)]]
