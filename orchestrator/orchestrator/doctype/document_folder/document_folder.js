frappe.ui.form.on("Document Folder", {
	setup(frm) {
		frm.set_query("parent_document_folder", () => ({ filters: { name: ["!=", frm.doc.name] } }));
	},
	refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Open in Browser"), () => frappe.set_route("document-browser", "folder", frm.doc.name));
		frm.add_custom_button(__("Documents"), () =>
			frappe.set_route("List", "Document", { document_folder: frm.doc.name })
		);
		const access = frm.doc.__onload?.access;
		if (!access) return;
		if (access.access !== "Manage") show_read_only(frm, access);
		if (access.access !== "Read") frm.add_custom_button(__("Upload"), () => upload(frm));
	},
});

async function load_scripts() {
	await frappe.require("/assets/orchestrator/js/documents/load.js");
	await orchestrator.documents.load();
}

// Write access allows uploads and new folders; the folder itself is changed by those who manage it.
async function show_read_only(frm, access) {
	frm.disable_form();
	await load_scripts();
	const contacts = frappe.utils.comma_or(access.contacts);
	frm.dashboard.clear_headline();
	frm.dashboard.set_headline(orchestrator.documents.escape(__("Only those who manage this folder can change it: ask {0}.", [contacts])));
}

async function upload(frm) {
	await load_scripts();
	orchestrator.documents.ask_and_upload(frm.doc.name, () => frm.reload_doc());
}
