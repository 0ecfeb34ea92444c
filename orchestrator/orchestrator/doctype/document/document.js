// The form of a document: actions by the user's access level, and the panel with preview, versions, access and activity.
frappe.ui.form.on("Document", {
	async refresh(frm) {
		frm.set_intro("");
		// Files are stored as versions; an attachment by the sidebar would be refused.
		frm.sidebar?.sidebar.find(".add-attachment-btn, .attachments-actions").hide();
		if (!frm.doc.current_version) {
			frm.set_intro(__("Save the document, then add its file. The document browser uploads many files at once."));
		}
		if (frm.is_new()) return;
		const access = frm.doc.__onload?.access;
		if (access?.access === "Read") frm.disable_form();
		await frappe.require("/assets/orchestrator/js/documents/load.js");
		await orchestrator.documents.load();
		const doc = { ...frm.doc, document: frm.doc.name, tags: (frm.doc._user_tags || "").split(",").filter(Boolean) };
		frm.get_docfield("file_size").formatter = orchestrator.documents.format_size;
		frm.refresh_field("file_size");
		show_headline(frm, doc, access);
		add_buttons(frm, doc, access);
		show_panel(frm, doc, access);
	},
});

function show_headline(frm, doc, access) {
	const { describe_check_out, explain_read_only, describe_status, escape } = orchestrator.documents;
	const lines = [describe_check_out(doc), access.access === "Read" ? explain_read_only(access) : ""];
	const [label, color] = describe_status(doc);
	frm.page.set_indicator(label, color);
	frm.dashboard.clear_headline();
	const text = lines.filter(Boolean).map(escape).join("<br>");
	if (text) frm.dashboard.set_headline(text);
}

function add_buttons(frm, doc, access) {
	const { list_actions, get_download_url } = orchestrator.documents;
	if (doc.current_version) {
		frm.add_custom_button(__("Download"), () => window.open(get_download_url(doc.document)));
	}
	frm.add_custom_button(__("Open in Browser"), () => frappe.set_route("document-browser", "document", doc.document));
	const group = __("Actions");
	list_actions(doc, access, () => frm.reload_doc()).forEach(([label, action], index) =>
		frm.add_custom_button(label, action, index ? group : undefined)
	);
}

function show_panel(frm, doc, access) {
	const { $wrapper } = frm.fields_dict.panel;
	if (!doc.current_version) return;
	if (frm.document_panel?.parent.parent()[0] !== $wrapper[0]) {
		$wrapper.empty();
		frm.document_panel = new orchestrator.documents.DocumentPanel($("<div></div>").appendTo($wrapper), () => frm.reload_doc());
	}
	frm.document_panel.show(doc, access);
}
