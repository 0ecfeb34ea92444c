frappe.ui.form.on("Orchestrator Dashboard", {
	refresh(frm) {
		if (!frm.is_new()) {
			frm.add_custom_button(__("Open"), () => frappe.set_route("metrics", frm.doc.name));
		}
	},
});
