// The escalations of a ticket, above its form.
frappe.ui.form.on("Issue", {
	async refresh(frm) {
		if (frm.is_new() || !frappe.model.can_read("Ticket Escalation")) return;
		const name = frm.doc.name;
		const rows = await frappe.db.get_list("Ticket Escalation", {
			filters: { reference_doctype: "Issue", reference_name: name },
			fields: ["stage", "escalated_to", "creation"],
			order_by: "creation desc",
			limit: 10,
		});
		if (!rows.length || frm.doc.name !== name) return;
		// A section, because ERPNext clears the headlines when it shows its own.
		frm.layout.wrapper.find(".ticket-escalations").closest(".form-dashboard-section").remove();
		const lines = rows.map((row) => `<div class="indicator orange">${describe_escalation(row)}</div>`);
		frm.dashboard.add_section(`<div class="ticket-escalations">${lines.join("")}</div>`, __("Escalations"));
		frm.dashboard.show();
		frm.add_custom_button(
			__("Escalations"),
			() => frappe.set_route("List", "Ticket Escalation", { reference_doctype: "Issue", reference_name: name }),
			__("View")
		);
	},
});

function describe_escalation({ stage, escalated_to, creation }) {
	const escape = frappe.utils.escape_html;
	const time = frappe.datetime.str_to_user(creation);
	return escalated_to
		? __("{0}: escalated to {1}, {2}", [__(stage), escape(frappe.user.full_name(escalated_to)), time])
		: __("{0}: escalated, {1}", [__(stage), time]);
}
