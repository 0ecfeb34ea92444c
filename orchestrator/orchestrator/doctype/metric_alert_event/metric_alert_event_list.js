frappe.listview_settings["Metric Alert Event"] = {
	hide_name_column: true,
};
