frappe.listview_settings["Bulk Operation"] = {
	add_fields: ["status", "reference_doctype"],
	hide_name_column: true,

	formatters: {
		operation: (value, field, doc) => `${__(doc.operation)}: ${__(doc.reference_doctype)}`,
	},
};
