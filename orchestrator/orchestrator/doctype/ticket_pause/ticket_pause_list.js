frappe.listview_settings["Ticket Pause"] = {
	hide_name_column: true,
};
