frappe.ui.form.on("Document Folder", {
	setup(frm) {
		frm.set_query("parent_document_folder", () => ({ filters: { name: ["!=", frm.doc.name] } }));
	},
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Documents"), () =>
			frappe.set_route("List", "Document", { document_folder: frm.doc.name })
		);
	},
});
