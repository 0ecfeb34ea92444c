// Loads the scripts that show documents, once: `await orchestrator.documents.load()`.
frappe.provide("orchestrator.documents");

orchestrator.documents.load = () => {
	const scripts = [
		"common", "upload", "actions", "pdf_viewer", "preview", "compare", "versions", "details", "tree", "listing", "toolbar", "sidebar", "browser",
	];
	orchestrator.documents.loading ??= orchestrator.load_in_order([
		...scripts.map((name) => `/assets/orchestrator/js/documents/${name}.js`),
		"/assets/orchestrator/css/documents.css",
	]);
	return orchestrator.documents.loading;
};
