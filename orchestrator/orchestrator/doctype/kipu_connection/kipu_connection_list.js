frappe.listview_settings["Kipu Connection"] = {
	add_fields: ["enabled", "status", "last_success"],
	hide_name_column: true,

	get_indicator(doc) {
		if (!doc.enabled) return [__("Switched off"), "gray", "enabled,=,0"];
		if (doc.status === "Paused") return [__("Paused"), "red", "status,=,Paused"];
		if (!doc.last_success) return [__("Not set up"), "orange", "last_success,is,not set"];
		return [__("Active"), "green", "status,=,Active"];
	},

	onload(list) {
		if (!frappe.user.has_role(["System Manager", "Kipu Sync Manager"])) return;
		list.page.add_inner_button(__("Health"), () => frappe.set_route("connection-health"));
		list.page.add_inner_button(__("Wizard"), () => frappe.set_route("connection-wizard"));
	},

	primary_action: () => frappe.set_route("connection-wizard", "new"),
};
