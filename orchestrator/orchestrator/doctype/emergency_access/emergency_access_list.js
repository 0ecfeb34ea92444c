frappe.listview_settings["Emergency Access"] = {
	add_fields: ["expires_at", "reviewed_at"],
	hide_name_column: true,

	// Privacy officers may not read clients.
	onload: (list) => orchestrator.leave_out_unreadable_titles(list),

	get_indicator(doc) {
		if (doc.reviewed_at) return [__("Reviewed"), "green", "reviewed_at,is,set"];
		return [__("To Review"), "orange", "reviewed_at,is,not set"];
	},
};
