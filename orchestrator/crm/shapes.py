"""What the CRM endpoints return."""

from typing import Any, TypedDict


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
	pipeline_stage: str
	status: str
	probability: float
	next_stages: list[str]
