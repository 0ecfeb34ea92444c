frappe.listview_settings["Generated Report"] = {
	hide_name_column: true,
};
