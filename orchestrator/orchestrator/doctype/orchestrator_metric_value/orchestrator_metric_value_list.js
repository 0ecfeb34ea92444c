frappe.listview_settings["Orchestrator Metric Value"] = {
	hide_name_column: true,
};
