frappe.listview_settings["Client Stay"] = {
	add_fields: ["status", "client", "admission_date"],
	hide_name_column: true,

	// A stay is shown by the client's name and the day of admission. Neither is stored with the stay.
	formatters: {
		name(value, field, doc) {
			const title = doc.client_full_name || doc.client; // the list selects titles of links
			const day = doc.admission_date ? frappe.datetime.str_to_user(doc.admission_date) : "";
			return day ? __("{0}, admitted {1}", [title, day]) : title;
		},
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
};
