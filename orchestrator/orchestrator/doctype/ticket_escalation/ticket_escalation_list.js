frappe.listview_settings["Ticket Escalation"] = {
	hide_name_column: true,
};
