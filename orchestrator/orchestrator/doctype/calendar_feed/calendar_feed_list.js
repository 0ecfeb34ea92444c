frappe.listview_settings["Calendar Feed"] = {
	hide_name_column: true,
};
