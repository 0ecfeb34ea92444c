// The page of the client: see orchestrator/public/js/client_360.
frappe.ui.form.on("Client", {
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Client 360"), () => frappe.set_route("client-360", frm.doc.name));
	},
});
