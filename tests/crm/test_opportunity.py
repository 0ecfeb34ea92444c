"""Moving opportunities, and consistency of the stage with ERPNext's status."""

import threading

import pytest

import frappe
from frappe.utils import add_days, now_datetime, nowdate

from tests.support import factories
from tests.support.client import get_error

METHOD = "orchestrator.crm.advance_opportunity"


def get_stage_and_status(name: str) -> tuple:
	"""Return stage, status and probability as they are stored and committed."""
	frappe.db.rollback()
	return tuple(frappe.db.get_value("Opportunity", name, ["pipeline_stage", "status", "probability"]))


def list_comments(name: str) -> list[str]:
	frappe.db.rollback()
	return frappe.get_all(
		"Comment",
		{"reference_doctype": "Opportunity", "reference_name": name, "comment_type": "Comment"},
		pluck="content",
		order_by="creation",
	)


@pytest.fixture
def sales(site, api):
	"""Return an API client of a sales user."""
	return api(factories.make_user("Sales User").name)


@pytest.fixture
def opportunity(site):
	return factories.make_opportunity()


@pytest.fixture
def item(site) -> str:
	"""Return an item that is not kept in stock."""
	return factories.make_record(
		"Item",
		item_code=factories.make_unique("Item"),
		item_group="Services",
		is_stock_item=0,
		stock_uom="Nos",
	).name


def make_quotation(opportunity, item: str):
	"""Create a submitted quotation for the opportunity."""
	quotation = frappe.get_doc(
		{
			"doctype": "Quotation",
			"quotation_to": "Customer",
			"party_name": factories.make_customer().name,
			"opportunity": opportunity.name,
			"company": opportunity.company,
			"items": [
				{
					"item_code": item,
					"qty": 1,
					"rate": 1000,
					"prevdoc_doctype": "Opportunity",
					"prevdoc_docname": opportunity.name,
				}
			],
		}
	)
	quotation.insert().submit()
	frappe.db.commit()
	return quotation


def make_order(quotation):
	"""Create a submitted sales order for the whole quotation."""
	from erpnext.selling.doctype.quotation.quotation import make_sales_order

	order = make_sales_order(quotation.name)
	order.delivery_date = add_days(nowdate(), 7)
	order.insert().submit()
	frappe.db.commit()
	return order


class TestAdvance:
	def test_moves_stage_status_and_probability_and_tells_the_timeline(self, sales, opportunity):
		reply = sales.post(
			METHOD,
			opportunity=opportunity.name,
			new_status="In Progress",
			notes="Client <b>approved</b> budget",
		)
		assert reply.status_code == 200
		assert reply.json() == {
			"message": "Opportunity moved",
			"data": {
				"opportunity": opportunity.name,
				"pipeline_stage": "In Progress",
				"status": "Open",
				"probability": 50.0,
				"next_stages": ["Qualified", "Closed Won", "Closed Lost"],
			},
			"exc": "",
		}
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Open", 50)
		(comment,) = list_comments(opportunity.name)
		assert "Pipeline stage: Open → In Progress" in comment
		assert "Client &lt;b&gt;approved&lt;/b&gt; budget" in comment

	def test_winning_converts(self, sales, opportunity):
		sales.post(METHOD, opportunity=opportunity.name, new_status="In Progress")
		reply = sales.post(METHOD, opportunity=opportunity.name, new_status="Closed Won").json()["data"]
		assert (reply["status"], reply["next_stages"]) == ("Converted", [])
		assert get_stage_and_status(opportunity.name) == ("Closed Won", "Converted", 100)

	def test_losing_declares_the_enquiry_lost_with_reason_and_notes(self, sales, site):
		reason = factories.make_record(
			"Opportunity Lost Reason", lost_reason=factories.make_unique("Too expensive")
		).name
		rival = factories.make_record("Competitor", competitor_name=factories.make_unique("Rival")).name
		doc = factories.make_opportunity(competitors=[{"competitor": rival}])
		reply = sales.post(
			METHOD,
			opportunity=doc.name,
			new_status="Closed Lost",
			notes="Went elsewhere",
			lost_reasons=[reason],
		)
		assert reply.status_code == 200
		assert get_stage_and_status(doc.name) == ("Closed Lost", "Lost", 0)
		doc.reload()
		assert [row.lost_reason for row in doc.lost_reasons] == [reason]
		assert [row.competitor for row in doc.competitors] == [rival]
		assert doc.order_lost_reason == "Went elsewhere"

	def test_reopening_clears_the_lost_reasons(self, sales, site):
		reason = factories.make_record(
			"Opportunity Lost Reason", lost_reason=factories.make_unique("No budget")
		).name
		doc = factories.make_opportunity()
		sales.post(METHOD, opportunity=doc.name, new_status="Closed Lost", notes="No", lost_reasons=[reason])
		sales.post(METHOD, opportunity=doc.name, new_status="Open")
		assert get_stage_and_status(doc.name) == ("Open", "Open", 10)
		doc.reload()
		assert (doc.lost_reasons, doc.order_lost_reason) == ([], None)

	def test_repeating_the_present_stage_changes_nothing(self, sales, opportunity):
		first = sales.post(METHOD, opportunity=opportunity.name, new_status="Qualified", notes="Yes")
		frappe.db.rollback()
		before = frappe.db.get_value("Opportunity", opportunity.name, ["modified", "modified_by"])
		again = sales.post(METHOD, opportunity=opportunity.name, new_status="Qualified", notes="Yes")
		assert again.status_code == 200
		assert again.json() == first.json()
		frappe.db.rollback()
		assert frappe.db.get_value("Opportunity", opportunity.name, ["modified", "modified_by"]) == before
		assert len(list_comments(opportunity.name)) == 1
		assert frappe.db.count("Version", {"docname": opportunity.name}) == 0

	def test_an_illegal_move_is_409_and_names_the_legal_ones(self, sales, opportunity):
		reply = sales.post(METHOD, opportunity=opportunity.name, new_status="Closed Won")
		assert reply.status_code == 409
		assert reply.json()["exc"] == (
			"StageTransitionConflictError: An opportunity cannot go from Open to Closed Won."
			" From Open it can go to: Qualified, In Progress, Closed Lost."
		)
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)
		assert list_comments(opportunity.name) == []

	def test_a_won_opportunity_moves_no_further(self, sales, site):
		doc = factories.make_opportunity(pipeline_stage="Closed Won")
		reply = sales.post(METHOD, opportunity=doc.name, new_status="Closed Lost")
		assert reply.status_code == 409
		assert reply.json()["exc"].startswith(
			"StageTransitionConflictError: A Closed Won opportunity is closed and cannot be moved."
		)

	@pytest.mark.parametrize("stage", ["Closed Lost", "Qualified"])
	def test_losing_against_a_standing_quotation_is_409(self, sales, opportunity, item, stage):
		quotation = make_quotation(opportunity, item)
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Quotation", 50)
		reply = sales.post(METHOD, opportunity=opportunity.name, new_status=stage)
		assert reply.status_code == 409
		assert reply.json()["exc_type"] == "OpenQuotationConflictError"
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Quotation", 50)
		assert quotation.docstatus == 1

	def test_of_two_moves_at_once_the_illegal_second_fails(self, sales, site):
		doc = factories.make_opportunity(pipeline_stage="In Progress")
		replies = {}
		barrier = threading.Barrier(2)

		def advance(stage: str) -> None:
			barrier.wait()
			replies[stage] = sales.request(
				"POST", f"/api/method/{METHOD}", json={"opportunity": doc.name, "new_status": stage}
			)

		threads = [threading.Thread(target=advance, args=(stage,)) for stage in ("Closed Won", "Closed Lost")]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		assert sorted(reply.status_code for reply in replies.values()) == [200, 409]
		(winner,) = [stage for stage, reply in replies.items() if reply.status_code == 200]
		assert get_stage_and_status(doc.name)[0] == winner
		assert len(list_comments(doc.name)) == 1


class TestAdvanceRefusals:
	def test_guest_is_401(self, guest, opportunity):
		assert get_error(guest.post(METHOD, opportunity=opportunity.name, new_status="Qualified")) == (
			401,
			"AuthenticationError",
		)
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)

	def test_wrong_role_is_403(self, api, opportunity):
		caller = api(factories.make_user("Support Team").name)
		assert get_error(caller.post(METHOD, opportunity=opportunity.name, new_status="Qualified")) == (
			403,
			"PermissionError",
		)
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)

	def test_a_record_the_caller_may_not_read_is_404_like_a_missing_one(self, api, opportunity):
		user = factories.make_user("Sales User").name
		other = factories.make_opportunity()
		factories.make_record("User Permission", user=user, allow="Opportunity", for_value=other.name)
		caller = api(user)
		hidden = caller.post(METHOD, opportunity=opportunity.name, new_status="Qualified")
		missing = caller.post(METHOD, opportunity="CRM-OPP-NONE", new_status="Qualified")
		assert hidden.status_code == missing.status_code == 404
		assert hidden.json()["exc"].replace(opportunity.name, "X") == missing.json()["exc"].replace(
			"CRM-OPP-NONE", "X"
		)

	def test_a_record_the_caller_may_only_read_is_403(self, api, opportunity):
		reader = factories.make_user().name
		factories.make_record(
			"DocShare", user=reader, share_doctype="Opportunity", share_name=opportunity.name, read=1
		)
		reply = api(reader).post(METHOD, opportunity=opportunity.name, new_status="Qualified")
		assert get_error(reply) == (403, "PermissionError")
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)

	@pytest.mark.parametrize(
		("values", "words"),
		[
			({"new_status": "Signed"}, "There is no stage Signed."),
			({}, "Missing parameter: new_status."),
			({"new_status": "Closed Lost", "lost_reasons": "no json"}, "lost_reasons is not valid JSON."),
			({"new_status": "Closed Lost", "lost_reasons": [1]}, "lost_reasons must be a list"),
			({"new_status": "Closed Lost", "lost_reasons": '{"a": 1}'}, "lost_reasons must be a list"),
			(
				{"new_status": "Qualified", "lost_reasons": ["x"]},
				"lost_reasons can be sent only with Closed Lost.",
			),
			({"new_status": ["Qualified"]}, "new_status"),
		],
	)
	def test_a_bad_argument_is_400(self, sales, opportunity, values, words):
		reply = sales.post(METHOD, opportunity=opportunity.name, **values)
		assert reply.status_code == 400
		assert words in reply.json()["exc"]

	def test_an_unknown_lost_reason_is_422_and_leaves_nothing(self, sales, opportunity):
		reply = sales.post(
			METHOD, opportunity=opportunity.name, new_status="Closed Lost", lost_reasons=["Nil"]
		)
		assert reply.status_code == 422
		assert "Nil" in reply.json()["exc"]
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)
		assert list_comments(opportunity.name) == []

	def test_get_is_405(self, sales, opportunity):
		reply = sales.get(METHOD, opportunity=opportunity.name, new_status="Qualified")
		assert (reply.status_code, reply.headers["Allow"]) == (405, "POST")


class TestConsistency:
	"""Changes by every route."""

	def test_insert_through_the_api(self, sales):
		lead = factories.make_lead()
		reply = sales.post(
			"frappe.client.insert",
			doctype="Opportunity",
			opportunity_from="Lead",
			party_name=lead.name,
			company=factories.get_company(),
			pipeline_stage="Qualified",
		)
		assert reply.status_code == 201
		assert get_stage_and_status(reply.json()["data"]["name"]) == ("Qualified", "Open", 25)

	def test_set_value_of_the_status_brings_the_stage(self, sales, opportunity):
		sales.post(
			"frappe.client.set_value", doctype="Opportunity", name=opportunity.name, status="Converted"
		)
		assert get_stage_and_status(opportunity.name) == ("Closed Won", "Converted", 100)

	def test_set_value_of_the_stage_brings_the_status(self, sales, opportunity):
		reply = sales.post(
			"frappe.client.set_value",
			doctype="Opportunity",
			name=opportunity.name,
			pipeline_stage="Closed Lost",
		).json()["data"]
		assert (reply["pipeline_stage"], reply["status"], reply["probability"]) == ("Closed Lost", "Lost", 0)
		assert get_stage_and_status(opportunity.name) == ("Closed Lost", "Lost", 0)

	def test_a_stage_that_does_not_exist_is_422(self, sales, opportunity):
		reply = sales.post(
			"frappe.client.set_value", doctype="Opportunity", name=opportunity.name, pipeline_stage="Signed"
		)
		assert get_error(reply) == (422, "ValidationError")
		assert get_stage_and_status(opportunity.name) == ("Open", "Open", 10)

	def test_stage_and_status_against_each_other_are_422(self, sales, opportunity):
		reply = sales.post(
			"frappe.client.set_value",
			doctype="Opportunity",
			name=opportunity.name,
			pipeline_stage="Closed Won",
			status="Lost",
		)
		assert reply.status_code == 422
		assert reply.json()["exc_type"] == "InvalidStageError"

	def test_a_lost_one_does_not_take_over_its_leads_probability(self, site):
		lead = factories.make_lead(probability=75)
		doc = factories.make_opportunity(party_name=lead.name, pipeline_stage="Closed Lost")
		doc.save()
		frappe.db.commit()
		assert get_stage_and_status(doc.name) == ("Closed Lost", "Lost", 0)

	def test_a_save_in_desk(self, browser, opportunity):
		user = factories.make_user("Sales User").name
		doc = frappe.get_doc("Opportunity", opportunity.name).as_dict()
		doc["status"] = "Replied"
		reply = browser(user, factories.PASSWORD).request(
			"POST",
			"/api/method/frappe.desk.form.save.savedocs",
			data={"doc": frappe.as_json(doc), "action": "Save"},
		)
		assert reply.status_code == 200, reply.text
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Replied", 50)

	def test_a_data_import(self, site):
		from frappe.core.doctype.data_import.importer import Importer

		lead = factories.make_lead()
		rows = (
			"Opportunity From,Party,Company,Pipeline Stage\n"
			f"Lead,{lead.name},{factories.get_company()},Closed Won\n"
		)
		file = factories.make_record(
			"File", file_name=f"{frappe.generate_hash()}.csv", content=rows, is_private=1
		)
		importing = factories.make_record(
			"Data Import",
			reference_doctype="Opportunity",
			import_type="Insert New Records",
			import_file=file.file_url,
		)
		Importer("Opportunity", data_import=importing).import_data()
		name = frappe.db.get_value("Opportunity", {"party_name": lead.name})
		assert get_stage_and_status(name) == ("Closed Won", "Converted", 100)

	def test_declare_enquiry_lost(self, opportunity):
		opportunity.declare_enquiry_lost([], [], "Silence")
		frappe.db.commit()
		assert get_stage_and_status(opportunity.name) == ("Closed Lost", "Lost", 0)

	def test_set_multiple_status(self, site):
		from erpnext.crm.doctype.opportunity.opportunity import set_multiple_status

		names = [factories.make_opportunity().name for _ in range(2)]
		set_multiple_status(frappe.as_json(names), "Closed")
		frappe.db.commit()
		assert [get_stage_and_status(name) for name in names] == [("Closed Lost", "Closed", 0)] * 2

	def test_auto_close(self, opportunity):
		from erpnext.crm.doctype.opportunity.opportunity import auto_close_opportunity

		opportunity.update({"status": "Replied"}).save()
		assert opportunity.pipeline_stage == "In Progress"
		long_ago = add_days(now_datetime(), -400)
		frappe.db.set_value("Opportunity", opportunity.name, "modified", long_ago, update_modified=False)
		auto_close_opportunity()
		frappe.db.commit()
		assert get_stage_and_status(opportunity.name) == ("Closed Lost", "Closed", 0)

	def test_quotation_and_order_and_back(self, opportunity, item):
		quotation = make_quotation(opportunity, item)
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Quotation", 50)
		order = make_order(quotation)
		assert get_stage_and_status(opportunity.name) == ("Closed Won", "Converted", 100)
		order.reload()
		order.cancel()
		frappe.db.commit()
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Quotation", 50)
		quotation.reload()
		quotation.cancel()
		frappe.db.commit()
		assert get_stage_and_status(opportunity.name) == ("In Progress", "Open", 50)

	def test_quotation_lost(self, opportunity, item):
		quotation = make_quotation(opportunity, item)
		quotation.declare_enquiry_lost([], [], "Too late")
		frappe.db.commit()
		assert get_stage_and_status(opportunity.name) == ("Closed Lost", "Lost", 0)

	def test_a_change_with_nothing_to_do_costs_no_query(self, opportunity):
		from orchestrator.crm import opportunity as hooks

		doc = frappe.get_doc("Opportunity", opportunity.name)
		asked = []
		sql, frappe.db.sql = frappe.db.sql, lambda *args, **kwargs: asked.append(args)
		try:
			hooks.on_change(doc)
		finally:
			frappe.db.sql = sql
		assert asked == []
