frappe.listview_settings["Disclosure"] = {
	hide_name_column: true,
};
