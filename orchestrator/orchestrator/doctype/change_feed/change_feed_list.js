frappe.listview_settings["Change Feed"] = {
	hide_name_column: true,
};
