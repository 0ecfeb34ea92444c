frappe.query_reports["Likely Duplicate Clients"] = {
	filters: [
		{
			fieldname: "facility",
			label: __("Facility"),
			fieldtype: "Link",
			options: "Facility",
		},
	],

	onload: (report) =>
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report)),
};
