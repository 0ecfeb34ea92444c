"""Dashboards that come with the app, and their metrics. Tables only; `orchestrator.setup.dashboards` creates
the records, and does not touch those that a site has changed.
"""

from typing import NamedTuple

UP, DOWN = "Up", "Down"
MEASURE, CARD = "Measure", "Number Card"
WEEK, MONTH = "Previous Week", "Previous Month"


class Metric(NamedTuple):
	"""A shipped metric, named as its measure unless it shows a Number Card."""

	name: str
	label: str
	direction: str = ""
	unit: str = ""
	card: str = ""
	compare_with: str = WEEK
	stale_after: int = 15


class Item(NamedTuple):
	metric: str
	width: str = "Quarter"
	display: str = ""


class Dashboard(NamedTuple):
	name: str
	title: str
	roles: tuple[str, ...]
	items: tuple[Item, ...]


METRICS = (
	Metric("open_pipeline_value", "Open Pipeline", UP),
	Metric("opportunities_in_pipeline", "Opportunities in Pipeline", UP, card="Opportunities in Pipeline"),
	Metric("win_rate", "Win Rate (12 Months)", UP, "%"),
	Metric("qualified_leads", "Qualified Leads", UP, card="Qualified Leads"),
	Metric("new_leads", "New Leads (30 Days)", UP),
	Metric("new_opportunities", "New Opportunities (30 Days)", UP),
	Metric("pipeline_by_stage", "Open Pipeline by Stage"),
	Metric("leads_by_status", "Leads by Status"),
	Metric("opportunities_by_month", "Opportunities by Month"),
	Metric("overdue_closings", "Overdue Closings", DOWN),
	Metric("next_closings", "Next Closings"),
	Metric("headcount", "Active Employees", compare_with=MONTH),
	Metric("on_leave_today", "On Leave Today"),
	Metric("leave_to_decide", "Pending Leave Requests", DOWN),
	Metric("checked_in_today", "Checked In Today", stale_after=5),
	Metric("new_employees", "New Employees (90 Days)"),
	Metric("employees_by_department", "Employees by Department"),
	Metric("leave_by_type", "Leave by Type (This Year)"),
	Metric("joined_by_month", "New Employees by Month"),
	Metric("coming_leave", "Upcoming Leave"),
	Metric("open_tickets", "Open Tickets", DOWN, stale_after=5),
	Metric("unassigned_tickets", "Unassigned Tickets", DOWN, stale_after=5),
	Metric("overdue_tickets", "Overdue Tickets", DOWN, stale_after=5),
	Metric("new_tickets", "New Tickets (30 Days)"),
	Metric("first_response_hours", "Average First Response (30 Days)", DOWN, "hours"),
	Metric("service_level_met", "Resolved in Time (30 Days)", UP, "%"),
	Metric("tickets_by_status", "Tickets by Status"),
	Metric("tickets_by_day", "Tickets by Day"),
	Metric("oldest_tickets", "Oldest Open Tickets"),
	Metric("satisfaction_score", "Customer Satisfaction (30 Days)", UP),
	Metric("satisfaction_response_rate", "Response Rate (30 Days)", UP, "%"),
	Metric("satisfaction_by_agent", "Satisfaction by Agent (90 Days)"),
	Metric("satisfaction_by_month", "Satisfaction by Month"),
	Metric("open_projects", "Open Projects"),
	Metric("open_tasks", "Open Tasks", DOWN),
	Metric("overdue_tasks", "Overdue Tasks", DOWN, card="Overdue Tasks"),
	Metric("completed_tasks", "Completed Tasks (30 Days)", UP),
	Metric("remaining_hours", "Remaining Work", DOWN, "hours"),
	Metric("tasks_by_status", "Tasks by Status"),
	Metric("tasks_by_priority", "Open Tasks by Priority"),
	Metric("project_progress", "Project Progress"),
	Metric("clients_in_care", "Clients in Care"),
	Metric("clients_expected", "Expected Admissions"),
	Metric("admissions", "Admissions (30 Days)", UP),
	Metric("discharges", "Discharges (30 Days)"),
	Metric("length_of_stay", "Average Length of Stay (90 Days)", unit="days"),
	Metric("clients_by_level_of_care", "Clients in Care by Level of Care"),
	Metric("clients_by_facility", "Clients in Care by Facility"),
	Metric("admissions_by_month", "Admissions by Month"),
)

DASHBOARDS = (
	Dashboard(
		"sales_dashboard",
		"Sales",
		("Sales User", "Sales Manager"),
		(
			Item("open_pipeline_value"),
			Item("opportunities_in_pipeline"),
			Item("win_rate"),
			Item("qualified_leads"),
			Item("new_leads", "Third"),
			Item("new_opportunities", "Third"),
			Item("overdue_closings", "Third"),
			Item("pipeline_by_stage", "Half", "Bar"),
			Item("leads_by_status", "Half", "Donut"),
			Item("opportunities_by_month", "Full", "Line"),
			Item("next_closings", "Full"),
		),
	),
	Dashboard(
		"hr_dashboard",
		"People",
		("HR User", "HR Manager"),
		(
			Item("headcount"),
			Item("on_leave_today"),
			Item("leave_to_decide"),
			Item("checked_in_today"),
			Item("new_employees", "Third"),
			Item("joined_by_month", "Two Thirds", "Line"),
			Item("employees_by_department", "Half", "Bar"),
			Item("leave_by_type", "Half", "Donut"),
			Item("coming_leave", "Full"),
		),
	),
	Dashboard(
		"helpdesk_dashboard",
		"Support",
		("Support Team", "Agent", "Agent Manager"),
		(
			Item("open_tickets", "Third"),
			Item("unassigned_tickets", "Third"),
			Item("overdue_tickets", "Third"),
			Item("new_tickets", "Third"),
			Item("first_response_hours", "Third"),
			Item("service_level_met", "Third"),
			Item("tickets_by_day", "Two Thirds", "Line"),
			Item("tickets_by_status", "Third", "Donut"),
			Item("oldest_tickets", "Full"),
		),
	),
	Dashboard(
		"satisfaction_dashboard",
		"Customer Satisfaction",
		("Agent Manager", "Orchestrator Manager"),
		(
			Item("satisfaction_score", "Half"),
			Item("satisfaction_response_rate", "Half"),
			Item("satisfaction_by_agent", "Half", "Bar"),
			Item("satisfaction_by_month", "Half", "Line"),
		),
	),
	Dashboard(
		"projects_dashboard",
		"Projects",
		("Projects User", "Projects Manager"),
		(
			Item("open_projects"),
			Item("open_tasks"),
			Item("overdue_tasks"),
			Item("remaining_hours"),
			Item("completed_tasks", "Third"),
			Item("tasks_by_status", "Third", "Donut"),
			Item("tasks_by_priority", "Third", "Bar"),
			Item("project_progress", "Full"),
		),
	),
	Dashboard(
		"clients_dashboard",
		"Clients",
		("Clinical User", "Clinical Manager"),
		(
			Item("clients_in_care"),
			Item("clients_expected"),
			Item("admissions"),
			Item("discharges"),
			Item("length_of_stay", "Third"),
			Item("clients_by_level_of_care", "Two Thirds", "Bar"),
			Item("admissions_by_month", "Half", "Line"),
			Item("clients_by_facility", "Half", "Donut"),
		),
	),
)
