"""The sales pipeline: one aggregate query, and the computation on its few rows."""

import functools
import json
from collections.abc import Callable, Iterable
from typing import NamedTuple

import frappe
from erpnext.setup.utils import get_exchange_rate
from frappe import _

from orchestrator.crm.shapes import PipelineSummary
from orchestrator.crm.stages import OPEN, STAGES, build_key
from orchestrator.doctypes import OPPORTUNITY
from orchestrator.exceptions import refuse
from orchestrator.measure_permissions import build_match_conditions

PRECISION = 2
ROLES_THAT_SEE_OTHERS = frozenset({"Sales Manager", "Sales Master Manager", "System Manager"})

# Amount and rate, because only Desk's form fills `base_opportunity_amount`, not ERPNext's server.
# A rate of 0 is one that ERPNext did not find when the opportunity was saved.
AGGREGATE = """
	SELECT pipeline_stage AS stage, company, currency, COUNT(*) AS count,
		SUM(opportunity_amount * conversion_rate) AS at_rate,
		SUM(IF(conversion_rate = 0, opportunity_amount, 0)) AS without_rate
	FROM `tabOpportunity` {hint}
	{where}
	GROUP BY pipeline_stage, company, currency
"""
# Without conditions, one index contains all columns, already grouped (orchestrator/setup/indexes.py). With
# conditions, MariaDB would scan the same index and look up every row, which takes five times a full table scan.
NOT_BY_GROUP = "USE INDEX FOR GROUP BY ()"
# INSTR, not LIKE: an underscore in an e-mail address is no wildcard.
CONCERNS_USER = (
	"(`tabOpportunity`.opportunity_owner = %(user)s OR `tabOpportunity`.owner = %(user)s"
	" OR INSTR(`tabOpportunity`._assign, %(assignee)s) > 0)"
)


class Group(NamedTuple):
	"""Opportunities of one stage, company and currency. `at_rate` is in the company's currency, `without_rate`
	in the opportunities' own.
	"""

	stage: str | None
	company: str | None
	currency: str | None
	records: int
	at_rate: float
	without_rate: float


def check_may_ask(user: str) -> None:
	"""Refuse another user's pipeline (403), and that of a missing user (404)."""
	if user == frappe.session.user:
		return
	if not ROLES_THAT_SEE_OTHERS.intersection(frappe.get_roles()):
		refuse(
			_("You may see only your own pipeline. Ask a Sales Manager for the pipelines of others."),
			frappe.PermissionError,
		)
	if not frappe.db.exists("User", user):
		refuse(_("There is no user {0}.").format(user), frappe.DoesNotExistError)


def _get_groups(user: str | None) -> list[Group]:
	"""Return the opportunities that the caller may read, of `user` if given, aggregated by the database."""
	conditions = [*build_match_conditions(OPPORTUNITY), *([CONCERNS_USER] if user else [])]
	hint, where = (NOT_BY_GROUP, f"WHERE {' AND '.join(conditions)}") if conditions else ("", "")
	values = {"user": user, "assignee": json.dumps(user)}
	return [Group(*row) for row in frappe.db.sql(AGGREGATE.format(hint=hint, where=where), values)]


def build_summary(
	groups: Iterable[Group],
	currency: str,
	get_currency: Callable[[str | None], str],
	get_rate: Callable[[str], float | None],
) -> PipelineSummary:
	"""Return counts and values by stage, in `currency`.

	`get_currency` returns a company's currency, `get_rate` the rate from a currency to `currency`, if there
	is one.
	"""
	counts = dict.fromkeys(STAGES, 0)
	values = dict.fromkeys(STAGES, 0.0)
	unconverted: dict[str, float] = {}
	for group in groups:
		stage = group.stage if group.stage in counts else OPEN
		counts[stage] += group.records
		for own, amount in _get_amounts(group, get_currency(group.company)):
			rate = 1.0 if own == currency else get_rate(own)
			if rate:
				values[stage] += amount * rate
			else:
				unconverted[own] = round(unconverted.get(own, 0.0) + amount, PRECISION)
	return PipelineSummary(
		**{build_key(stage): count for stage, count in counts.items()},  # type: ignore[typeddict-item]
		total_value=round(sum(values.values()), PRECISION),
		currency=currency,
		value_by_stage={build_key(stage): round(value, PRECISION) for stage, value in values.items()},
		unconverted=unconverted,
	)


def _get_amounts(group: Group, company_currency: str) -> list[tuple[str, float]]:
	"""Return the non-zero amounts of the group, each with its currency."""
	amounts = [
		(company_currency, float(group.at_rate or 0)),
		(group.currency or company_currency, float(group.without_rate or 0)),
	]
	return [(currency, amount) for currency, amount in amounts if amount]


def get_summary(user: str | None) -> PipelineSummary:
	"""Return the pipeline of the opportunities that the caller may read, in the currency of the site's
	default company.
	"""
	currency = get_site_currency()
	return build_summary(
		_get_groups(user),
		currency,
		get_currency=lambda company: get_company_currency(company) or currency,
		get_rate=functools.cache(lambda own: get_exchange_rate(own, currency)),
	)


def get_site_currency() -> str:
	"""Return the currency of the site's default company, otherwise the site's own."""
	defaults = frappe.get_cached_doc("Global Defaults")
	return get_company_currency(defaults.default_company) or defaults.default_currency


def get_company_currency(company: str | None) -> str | None:
	"""Return the currency of `company`, None if there is no such company."""
	return frappe.get_cached_value("Company", company, "default_currency") if company else None
