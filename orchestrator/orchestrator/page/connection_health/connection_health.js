// The state of the Kipu connections: lag, runs, issues, schedule.
frappe.pages["connection-health"].on_page_load = (wrapper) => {
	// prettier-ignore
	const names = ["labels", "common", "run_progress", "health", "health_charts"];
	const scripts = names.map((name) => `/assets/orchestrator/js/connections/${name}.js`);
	const files = ["/assets/orchestrator/css/connections.css", ...scripts];
	wrapper.connection_health = orchestrator.load_in_order(files).then(() => new orchestrator.connections.Health(wrapper));
};
frappe.pages["connection-health"].on_page_show = async (wrapper) => (await wrapper.connection_health).show();
