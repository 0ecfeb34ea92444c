frappe.listview_settings["Idempotency Record"] = {
	hide_name_column: true,
};
