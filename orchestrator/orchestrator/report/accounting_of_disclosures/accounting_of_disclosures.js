frappe.query_reports["Accounting of Disclosures"] = {
	onload: (report) =>
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report)),
};
