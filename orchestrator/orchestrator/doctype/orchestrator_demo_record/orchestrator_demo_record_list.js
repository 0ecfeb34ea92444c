frappe.listview_settings["Orchestrator Demo Record"] = {
	hide_name_column: true,
};
