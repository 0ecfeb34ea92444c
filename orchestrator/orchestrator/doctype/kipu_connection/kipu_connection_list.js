frappe.listview_settings["Kipu Connection"] = {
	add_fields: ["enabled", "status"],
	hide_name_column: true,

	get_indicator(doc) {
		if (!doc.enabled) return [__("Disabled"), "gray", "enabled,=,0"];
		return [__(doc.status), doc.status === "Paused" ? "orange" : "green", `status,=,${doc.status}`];
	},
};
