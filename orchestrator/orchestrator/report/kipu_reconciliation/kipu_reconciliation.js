frappe.query_reports["Kipu Reconciliation"] = {
	filters: [
		{
			fieldname: "connection",
			label: __("Connection"),
			fieldtype: "Link",
			options: "Kipu Connection",
		},
	],

	// The report runs once this is done: with the first connection, if none was chosen.
	async onload(report) {
		frappe.require("/assets/orchestrator/js/report_actions.js", () => orchestrator.reports.add_actions(report));
		const filter = report.get_filter("connection");
		if (filter.get_value()) return;
		const rows = await frappe.db.get_list("Kipu Connection", { fields: ["name"], order_by: "creation", limit: 1 });
		if (rows.length) filter.df.default = rows[0].name;
		if (rows.length) await filter.set_input(rows[0].name);
	},
};
