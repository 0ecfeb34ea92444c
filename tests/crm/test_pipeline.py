"""The pipeline summary, compared with counts and sums computed by hand."""

from types import MappingProxyType

import pytest

import frappe

from orchestrator.crm.pipeline import Group, build_summary
from tests.support import factories
from tests.support.client import get_error

METHOD = "orchestrator.crm.get_pipeline_summary"
STAGES = ("open", "qualified", "in_progress", "closed_won", "closed_lost")


def list_counts(data: dict) -> list[int]:
	return [data[stage] for stage in STAGES]


def list_values(data: dict) -> list[float]:
	return [data["value_by_stage"][stage] for stage in STAGES]


def make_company(currency: str):
	"""Create a company that keeps its books in `currency`, with no chart of accounts."""
	name = factories.make_unique("Company")
	company = frappe.get_doc(
		{
			"doctype": "Company",
			"company_name": name,
			"abbr": frappe.generate_hash(length=6),
			"default_currency": currency,
			"country": "Germany",
		}
	)
	frappe.local.flags.ignore_chart_of_accounts = True
	try:
		company.insert()
	finally:
		frappe.local.flags.ignore_chart_of_accounts = False
	frappe.db.commit()
	return company


@pytest.fixture
def rates(site) -> None:
	"""Set rates from today on: 1 EUR is 1.10 USD, 1 GBP is 1.25 USD and 1.20 EUR."""
	for own, other, rate in (("EUR", "USD", 1.1), ("GBP", "USD", 1.25), ("GBP", "EUR", 1.2)):
		filters = {"from_currency": own, "to_currency": other, "date": frappe.utils.nowdate()}
		if not frappe.db.exists("Currency Exchange", filters):
			factories.make_record(
				"Currency Exchange", exchange_rate=rate, for_buying=1, for_selling=1, **filters
			)


@pytest.fixture
def seller(site) -> str:
	return factories.make_user("Sales User").name


@pytest.fixture
def manager(site, api):
	return api(factories.make_user("Sales Manager").name)


def make_owned(owner: str, stage: str, amount: float, **fields) -> str:
	return factories.make_opportunity(
		opportunity_owner=owner, pipeline_stage=stage, opportunity_amount=amount, **fields
	).name


def strip(name: str, **fields) -> None:
	"""Set fields as an import or an older site may have left them, without ERPNext's defaults."""
	frappe.db.set_value("Opportunity", name, fields)
	frappe.db.commit()


class TestArithmetic:
	"""The computation alone, without a site."""

	RATES = MappingProxyType({"EUR": 1.1, "GBP": 1.25})

	def summary(self, *groups: Group) -> dict:
		currencies = {"US": "USD", "DE": "EUR", None: "USD"}
		return build_summary(groups, "USD", currencies.__getitem__, self.RATES.get)

	def test_nothing_is_all_zeros(self):
		assert self.summary() == {
			**dict.fromkeys(STAGES, 0),
			"total_value": 0,
			"currency": "USD",
			"value_by_stage": dict.fromkeys(STAGES, 0),
			"unconverted": {},
		}

	def test_amounts_at_the_opportunitys_rate_are_in_the_companys_currency(self):
		summary = self.summary(
			Group("Open", "US", "EUR", 2, 220.0, 0.0), Group("Open", "DE", "GBP", 1, 100.0, 0.0)
		)
		assert (summary["open"], summary["total_value"]) == (3, 330.0)

	def test_amounts_without_a_rate_are_in_their_own_currency(self):
		summary = self.summary(
			Group("Qualified", "US", "GBP", 1, 0.0, 100.0), Group("Qualified", "DE", None, 1, 0.0, 100.0)
		)
		assert summary["value_by_stage"]["qualified"] == 235.0

	def test_amounts_without_exchange_rate_are_listed_separately(self):
		summary = self.summary(
			Group("Closed Won", "US", "JPY", 2, 50.0, 9000.0), Group("Open", "US", "JPY", 1, 0.0, 1000.0)
		)
		assert (summary["closed_won"], summary["open"], summary["total_value"]) == (2, 1, 50.0)
		assert summary["unconverted"] == {"JPY": 10000.0}

	def test_no_stage_counts_as_open(self):
		assert self.summary(Group(None, "US", "USD", 4, 8.0, 0.0))["open"] == 4


class TestSummary:
	def test_counts_and_values_by_stage(self, api, seller):
		for stage, amounts in {
			"Open": (100, 200.5),
			"Qualified": (1000,),
			"In Progress": (10, 20, 30),
			"Closed Won": (5000,),
			"Closed Lost": (7,),
		}.items():
			for amount in amounts:
				make_owned(seller, stage, amount)
		reply = api(seller).get(METHOD, user=seller)
		assert reply.status_code == 200
		assert reply.json() == {
			"message": "Pipeline summarized",
			"data": {
				"open": 2,
				"qualified": 1,
				"in_progress": 3,
				"closed_won": 1,
				"closed_lost": 1,
				"total_value": 6367.5,
				"currency": "USD",
				"value_by_stage": {
					"open": 300.5,
					"qualified": 1000.0,
					"in_progress": 60.0,
					"closed_won": 5000.0,
					"closed_lost": 7.0,
				},
				"unconverted": {},
			},
			"exc": "",
		}

	def test_several_currencies_and_two_companies(self, api, seller, rates):
		berlin = make_company("EUR").name
		make_owned(seller, "Open", 100, currency="USD")
		# at the rate it was agreed at, not today's: 100 EUR x 1.5 = 150 USD
		make_owned(seller, "Open", 100, currency="EUR", conversion_rate=1.5)
		# at ERPNext's rate: 100 GBP x 1.25 = 125 USD
		strip(make_owned(seller, "Qualified", 100, currency="GBP"), conversion_rate=0)
		# in the company's currency: 100 EUR x 1.1 = 110 USD
		make_owned(seller, "Closed Won", 100, currency="EUR", company=berlin)
		# at the rate ERPNext filled in: 100 GBP x 1.2 = 120 EUR, x 1.1 = 132 USD
		make_owned(seller, "Closed Won", 100, currency="GBP", company=berlin, conversion_rate=0)
		data = api(seller).get(METHOD, user=seller).json()["data"]
		assert list_counts(data) == [2, 1, 0, 2, 0]
		assert list_values(data) == [250.0, 125.0, 0.0, 242.0, 0.0]
		assert (data["total_value"], data["currency"], data["unconverted"]) == (617.0, "USD", {})

	def test_an_opportunity_without_currency_and_rate_is_in_the_companys(self, api, seller, rates):
		berlin = make_company("EUR").name
		for company, currency in ((factories.get_company(), "USD"), (berlin, "EUR")):
			name = make_owned(seller, "Open", 100, company=company, currency=currency)
			strip(name, currency=None, conversion_rate=0)
		assert list_values(api(seller).get(METHOD, user=seller).json()["data"])[0] == 210.0

	def test_one_made_through_the_api_has_no_base_amount_and_counts_all_the_same(self, api, seller):
		caller = api(seller)
		name = caller.post(
			"frappe.client.insert",
			doctype="Opportunity",
			opportunity_from="Lead",
			party_name=factories.make_lead().name,
			company=factories.get_company(),
			currency="USD",
			opportunity_amount=1234.5,
		).json()["data"]["name"]
		assert frappe.db.get_value("Opportunity", name, "base_opportunity_amount") == 0
		assert caller.get(METHOD, user=seller).json()["data"]["total_value"] == 1234.5

	def test_a_users_pipeline_counts_owned_created_and_assigned_once(self, api, seller, manager):
		other = factories.make_user("Sales User").name
		make_owned(seller, "Open", 1)
		created = make_owned(other, "Open", 10)
		frappe.db.set_value("Opportunity", created, "owner", seller)
		first = factories.make_opportunity(opportunity_owner=other, opportunity_amount=100)
		factories.assign(first, seller)
		second = factories.make_opportunity(opportunity_owner=other, opportunity_amount=1000)
		factories.assign(second, other)
		factories.assign(second, seller)
		all_three = factories.make_opportunity(
			opportunity_owner=seller, opportunity_amount=10000, assigned_to=seller
		)
		frappe.db.set_value("Opportunity", all_three.name, "owner", seller)
		frappe.db.commit()
		data = manager.get(METHOD, user=seller).json()["data"]
		assert (data["open"], data["total_value"]) == (5, 11111.0)

	def test_an_underscore_in_the_address_is_no_wildcard(self, manager, site):
		tail = frappe.generate_hash(length=8)
		mine = factories.make_user("Sales User", email=f"a_b{tail}@harbor.example").name
		alike = factories.make_user("Sales User", email=f"axb{tail}@harbor.example").name
		factories.assign(factories.make_opportunity(), alike)
		assert manager.get(METHOD, user=mine).json()["data"]["open"] == 0
		assert manager.get(METHOD, user=alike).json()["data"]["open"] == 1

	def test_without_a_user_it_is_all_the_caller_may_read(self, api, seller):
		visible = factories.make_opportunity(pipeline_stage="Qualified", opportunity_amount=40)
		factories.make_opportunity(pipeline_stage="Qualified", opportunity_amount=2)
		factories.make_record("User Permission", user=seller, allow="Opportunity", for_value=visible.name)
		data = api(seller).get(METHOD).json()["data"]
		assert list_counts(data) == [0, 1, 0, 0, 0]
		assert data["total_value"] == 40.0

	def test_without_a_user_and_without_restrictions_it_is_all_there_are(self, manager):
		factories.make_opportunity()
		data = manager.get(METHOD).json()["data"]
		frappe.db.rollback()
		assert sum(list_counts(data)) == frappe.db.count("Opportunity")

	def test_a_user_of_one_company_gets_that_companys(self, api, seller, rates):
		berlin = make_company("EUR").name
		factories.make_opportunity(opportunity_amount=5)
		factories.make_opportunity(company=berlin, currency="EUR", opportunity_amount=100)
		factories.make_record("User Permission", user=seller, allow="Company", for_value=berlin)
		data = api(seller).get(METHOD).json()["data"]
		assert (data["open"], data["total_value"]) == (1, 110.0)

	def test_a_user_with_one_share_gets_that_opportunity(self, api, site):
		reader = factories.make_user().name
		shared = factories.make_opportunity(opportunity_amount=77)
		factories.make_record(
			"DocShare", user=reader, share_doctype="Opportunity", share_name=shared.name, read=1
		)
		data = api(reader).get(METHOD).json()["data"]
		assert (sum(list_counts(data)), data["total_value"]) == (1, 77.0)

	def test_it_is_one_query_of_the_opportunities(self, site, monkeypatch):
		from orchestrator.crm import pipeline

		pipeline.get_summary(None)
		asked, sql = [], frappe.db.sql
		monkeypatch.setattr(
			frappe.db,
			"sql",
			lambda query, *args, **kwargs: asked.append(str(query)) or sql(query, *args, **kwargs),
		)
		pipeline.get_summary(None)
		assert len([query for query in asked if "tabOpportunity" in query]) == 1


class TestRefusals:
	def test_guest_is_401(self, guest):
		assert get_error(guest.get(METHOD)) == (401, "AuthenticationError")

	def test_wrong_role_is_403(self, api, site):
		assert get_error(api(factories.make_user("Support Team").name).get(METHOD)) == (
			403,
			"PermissionError",
		)

	def test_someone_elses_is_403_without_a_role_that_may(self, api, seller):
		other = factories.make_user("Sales User").name
		reply = api(seller).get(METHOD, user=other)
		assert (reply.status_code, reply.json()["exc_type"]) == (403, "PermissionError")

	def test_an_unknown_user_is_403_without_a_role_that_may(self, api, seller):
		assert get_error(api(seller).get(METHOD, user="nobody@harbor.example")) == (403, "PermissionError")

	def test_an_unknown_user_is_404_for_a_manager(self, manager):
		reply = manager.get(METHOD, user="nobody@harbor.example")
		assert reply.status_code == 404
		assert "nobody@harbor.example" in reply.json()["exc"]

	def test_a_user_that_is_no_name_is_400(self, manager):
		assert get_error(manager.post(METHOD, user=["a"])) == (400, "InvalidRequestError")
