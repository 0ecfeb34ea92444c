frappe.listview_settings["Client Consent"] = {
	hide_name_column: true,
};
