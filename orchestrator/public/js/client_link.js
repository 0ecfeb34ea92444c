// The client that a record is about: a button to the client's page, and no field for users who may not read clients.
// Frappe loads this file with each of these forms, and the handlers are registered once.
frappe.provide("orchestrator");
orchestrator.linked_to_clients ||= ["Lead", "Issue", "Task", "HD Ticket", "Document"].map((doctype) => {
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			if (!frm.fields_dict.client) return;
			const can_read = frappe.model.can_read("Client");
			frm.toggle_display("client", can_read);
			if (!can_read || !frm.doc.client) return;
			frm.add_custom_button(__("Client 360"), () => frappe.set_route("client-360", frm.doc.client));
		},
	});
	return doctype;
});
