// Sets up a Kipu connection step by step.
frappe.pages["connection-wizard"].on_page_load = (wrapper) => {
	// prettier-ignore
	const names = ["labels", "common", "run_progress", "wizard", "step_access", "step_test", "step_locations", "step_preview", "step_runs"];
	const scripts = names.map((name) => `/assets/orchestrator/js/connections/${name}.js`);
	const files = ["/assets/orchestrator/css/connections.css", ...scripts];
	wrapper.connection_wizard = orchestrator.load_in_order(files).then(() => new orchestrator.connections.Wizard(wrapper));
};
frappe.pages["connection-wizard"].on_page_show = async (wrapper) => (await wrapper.connection_wizard).show();
