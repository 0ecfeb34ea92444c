frappe.listview_settings["Bulk Operation"] = {
	add_fields: ["status", "reference_doctype"],
	hide_name_column: true,

	formatters: {
		operation: (value, field, doc) => `${__(value)}: ${__(doc.reference_doctype)}`,
	},
};
