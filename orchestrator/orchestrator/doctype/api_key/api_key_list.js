frappe.listview_settings["API Key"] = {
	add_fields: ["enabled", "expires_on"],

	get_indicator(doc) {
		if (!doc.enabled) return [__("Revoked"), "gray", "enabled,=,0"];
		const now = frappe.datetime.system_datetime();
		if (doc.expires_on && doc.expires_on < now) return [__("Expired"), "orange", `expires_on,<,${now}`];
		return [__("Enabled"), "green", "enabled,=,1"];
	},
};
