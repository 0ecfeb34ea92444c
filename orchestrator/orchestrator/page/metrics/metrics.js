// A dashboard of metrics, as get_dashboard returns it. It reloads when the site publishes that values are new.
frappe.pages["metrics"].on_page_load = async (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("Metrics"), single_column: true });
	// prettier-ignore
	const names = ["record_links", "values", "charts", "widget", "filter_bar", "full_screen", "subscriptions", "metrics_page"];
	const scripts = names.map((name) => `/assets/orchestrator/js/metrics/${name}.js`);
	await orchestrator.load_in_order(["/assets/orchestrator/js/charts.js", ...scripts]);
	wrapper.metrics = new orchestrator.metrics.MetricsPage(page);
	wrapper.metrics.show();
};
frappe.pages["metrics"].on_page_show = (wrapper) => wrapper.metrics && wrapper.metrics.show();
