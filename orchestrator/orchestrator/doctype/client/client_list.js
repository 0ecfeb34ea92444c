frappe.listview_settings["Client"] = {
	add_fields: ["status"],
	hide_name_column: true,

	onload(listview) {
		orchestrator.add_emergency_access?.(listview);
	},

	get_indicator(doc) {
		const colours = {
			"Pre-Admission": "blue",
			Active: "green",
			Discharged: "gray",
			Absent: "orange",
			Deleted: "red",
		};
		return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
	},

	button: {
		show: () => true,
		get_label: () => __("Client 360"),
		get_description: (doc) => __("Open the page of {0}", [doc.full_name || doc.name]),
		action: (doc) => frappe.set_route("client-360", doc.name),
	},
};
