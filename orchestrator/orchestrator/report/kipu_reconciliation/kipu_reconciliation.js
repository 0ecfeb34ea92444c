frappe.query_reports["Kipu Reconciliation"] = {
	filters: [
		{
			fieldname: "connection",
			label: __("Connection"),
			fieldtype: "Link",
			options: "Kipu Connection",
		},
	],
};
