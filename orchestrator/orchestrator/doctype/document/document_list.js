frappe.listview_settings["Document"] = {
	get_indicator(doc) {
		const colour = { Draft: "gray", "In Review": "orange", Approved: "green", Archived: "blue" };
		return [__(doc.status), colour[doc.status], `status,=,${doc.status}`];
	},
};
