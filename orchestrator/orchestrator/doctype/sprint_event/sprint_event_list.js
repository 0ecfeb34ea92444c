frappe.listview_settings["Sprint Event"] = {
	hide_name_column: true,
};
