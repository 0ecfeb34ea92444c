// One client with everything that refers to it: see orchestrator.sync.get_client.
frappe.pages["client-360"].on_page_load = (wrapper) => {
	const scripts = ["page", "header", "stays", "records", "activity"].map(
		(name) => `/assets/orchestrator/js/client_360/${name}.js`
	);
	wrapper.client_page = orchestrator.load_in_order(scripts).then(() => new orchestrator.ClientPage(wrapper));
};
frappe.pages["client-360"].on_page_show = async (wrapper) => (await wrapper.client_page).show();
