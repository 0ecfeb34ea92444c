frappe.ui.form.on("Document Version", {
	refresh(frm) {
		frm.add_custom_button(__("Download"), () =>
			window.open(
				`/api/method/orchestrator.docs.download?version=${encodeURIComponent(frm.doc.name)}`
			)
		);
	},
});
