frappe.listview_settings["Ticket Rating"] = {
	hide_name_column: true,
};
