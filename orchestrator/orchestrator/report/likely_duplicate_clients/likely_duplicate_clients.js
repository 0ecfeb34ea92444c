frappe.query_reports["Likely Duplicate Clients"] = {
	filters: [
		{
			fieldname: "facility",
			label: __("Facility"),
			fieldtype: "Link",
			options: "Facility",
		},
	],
};
