// A client or a stay that is open in an emergency: until when, and nothing can be changed.
// Frappe loads this file with each of these forms, and the handlers are registered once.
frappe.provide("orchestrator");

orchestrator.forms_with_emergency_access ||= ["Client", "Client Stay"].map((doctype) => {
	frappe.ui.form.on(doctype, {
		refresh(frm) {
			const until = frm.doc.__onload?.emergency_access_until;
			if (!until) return;
			frm.disable_form();
			frm.set_intro(
				__("You read this record by emergency access until {0} UTC. Each access is logged.", [
					until.replace("T", " ").slice(0, 16),
				]),
				"orange"
			);
		},
	});
	return doctype;
});
