frappe.listview_settings["Dashboard Subscription"] = {
	hide_name_column: true,
};
