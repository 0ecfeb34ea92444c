frappe.listview_settings["Sync Run"] = {
	add_fields: ["status", "dry_run", "creation"],

	formatters: {
		// Desk calls the formatter of the title with the values of all columns.
		sync_type(value, field, doc) {
			const type = doc.sync_type.charAt(0).toUpperCase() + doc.sync_type.slice(1);
			return `${__(type)}, ${frappe.datetime.str_to_user(doc.creation)}`;
		},
	},

	get_indicator(doc) {
		const label = doc.dry_run ? __("{0}, dry run", [__(doc.status)]) : __(doc.status);
		return [label, orchestrator.connections.STATUS_COLOURS[doc.status], `status,=,${doc.status}`];
	},
};
