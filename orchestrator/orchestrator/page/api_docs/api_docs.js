frappe.pages["api-docs"].on_page_load = async (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("API"), single_column: true });
	await frappe.require(["/assets/orchestrator/js/api_page.js", "/assets/orchestrator/css/api_page.css"]);
	new orchestrator.ApiPage(page.main);
};
