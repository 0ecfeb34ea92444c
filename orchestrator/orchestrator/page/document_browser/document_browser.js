// The document browser: see orchestrator/public/js/documents/browser.js.
frappe.pages["document-browser"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Documents"), single_column: true });
	$(wrapper).addClass("doc-browser-page");
	page.add_menu_item(__("Document List"), () => frappe.set_route("List", "Document"));
	page.add_menu_item(__("Folder Settings"), () => frappe.set_route("Tree", "Document Folder"));
	wrapper.ready = frappe.require("/assets/orchestrator/js/documents/load.js").then(async () => {
		await orchestrator.documents.load();
		wrapper.browser = new orchestrator.documents.DocumentBrowser(page);
	});
};
frappe.pages["document-browser"].on_page_show = async (wrapper) => {
	await wrapper.ready;
	wrapper.browser.show();
};
