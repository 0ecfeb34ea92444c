frappe.query_reports["Ticket Service Levels"] = {
	onload: (report) =>
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report)),
};
