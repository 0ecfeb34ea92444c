frappe.listview_settings["Client Consent"] = {
	hide_name_column: true,

	// Privacy officers may not read clients.
	onload: (list) => orchestrator.leave_out_unreadable_titles(list),
};
