frappe.listview_settings["Sprint"] = {
	add_fields: ["state"],
	get_indicator(doc) {
		const colors = { Planned: "blue", Active: "orange", Closed: "green" };
		return [__(doc.state), colors[doc.state], `state,=,${doc.state}`];
	},
	button: {
		show: () => true,
		get_label: () => __("Board"),
		get_description: (doc) => __("Open the board of {0}", [frappe.utils.escape_html(doc.title)]),
		action: (doc) => frappe.set_route("sprint-board", doc.name),
	},
};
