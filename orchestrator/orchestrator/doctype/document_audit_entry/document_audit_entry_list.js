frappe.listview_settings["Document Audit Entry"] = {
	hide_name_column: true,
};
