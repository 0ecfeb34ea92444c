frappe.listview_settings["Sprint"] = {
	add_fields: ["state"],
	get_indicator(doc) {
		const colours = { Planned: "blue", Active: "orange", Closed: "green" };
		return [__(doc.state), colours[doc.state], `state,=,${doc.state}`];
	},
};
