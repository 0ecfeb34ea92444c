frappe.listview_settings["Facility"] = {
	hide_name_column: true,
};
