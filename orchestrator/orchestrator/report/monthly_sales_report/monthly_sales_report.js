frappe.query_reports["Monthly Sales Report"] = {
	onload: (report) =>
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report)),
};
