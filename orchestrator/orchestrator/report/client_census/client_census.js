frappe.query_reports["Client Census"] = {
	onload: (report) =>
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report)),
};
