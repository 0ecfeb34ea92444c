// "Who saw this record" on the forms of clients and stays, for users who may read the access log.
// Frappe loads this file with each of these forms, and the handlers are registered once.
frappe.provide("orchestrator");

orchestrator.show_record_accesses = (doctype, name) => {
	const dialog = new frappe.ui.Dialog({
		title: __("Who Saw {0}", [name]),
		size: "extra-large",
		fields: [{ fieldname: "accesses", fieldtype: "HTML" }],
		primary_action_label: __("Show More"),
		primary_action: () => load(),
	});
	const body = $(`
		<div class="table-responsive"><table class="table table-bordered">
			<thead><tr>${[__("Time (UTC)"), __("User"), __("Route"), __("API Key"), __("Purpose of Use")]
				.map((label) => `<th scope="col">${label}</th>`)
				.join("")}</tr></thead>
			<tbody></tbody>
		</table></div>
		<p class="text-muted" role="status"></p>`).appendTo(dialog.fields_dict.accesses.$wrapper);
	let cursor = null;

	const add_row = (access) => {
		const row = $("<tr>").appendTo(body.find("tbody"));
		const values = [
			access.accessed_at.replace("T", " ").slice(0, 19),
			access.user || access.recipient,
			access.route,
			access.api_key,
			access.purpose,
		];
		for (const value of values) $("<td>").text(value || "").appendTo(row);
	};

	const load = async () => {
		const reply = await frappe.call({
			method: "orchestrator.privacy.get_record_accesses",
			type: "GET",
			args: { doctype, name, ...(cursor ? { cursor } : {}) },
		});
		const page = reply.data;
		page.accesses.forEach(add_row);
		cursor = page.next_cursor;
		dialog.get_primary_btn().toggle(Boolean(cursor));
		if (!body.find("tbody tr").length) body.filter("p").text(__("Nobody has seen this record since the log is kept."));
	};

	dialog.show();
	return load();
};

orchestrator.forms_with_accesses ||= ["Client", "Client Stay"].map((doctype) => {
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			if (frm.is_new() || !frappe.model.can_read("Access Log Entry")) return;
			frm.add_custom_button(__("Who Saw This"), () => orchestrator.show_record_accesses(doctype, frm.doc.name));
		},
	});
	return doctype;
});
