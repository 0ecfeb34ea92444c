"""What the CRM endpoints return."""

from typing import Annotated, Any

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf
from orchestrator.crm.stages import STAGES


class LeadPage(TypedDict):
	"""A page of leads, and how many there are on all pages together."""

	leads: list[dict[str, Any]]
	total: int


class PipelineSummary(TypedDict):
	"""Opportunities by stage. Money is in `currency`; `unconverted` is what no exchange rate was found for,
	by currency, and is not part of the values.
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
	"""How an opportunity stands, and the stages it may be moved to."""

	opportunity: str
	pipeline_stage: Annotated[str, OneOf(*STAGES)]
	status: str
	probability: float
	next_stages: list[Annotated[str, OneOf(*STAGES)]]
