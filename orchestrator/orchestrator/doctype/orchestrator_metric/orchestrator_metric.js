frappe.ui.form.on("Orchestrator Metric", {
	refresh(frm) {
		if (frm.is_new()) {
			frm.set_intro("");
			frm.set_intro(
				__("Choose what the metric shows, then how it is shown and who sees it. Put it on a dashboard to see its value.")
			);
		}
		frm.call("get_measures").then(({ message }) => frm.set_df_property("measure", "options", message));
	},

	// The name in the API follows the label, until somebody changes it.
	label(frm) {
		const name = (frm.doc.label || "").toLowerCase().replace(/[^a-z0-9]+/g, "_").replace(/^[^a-z]+|_+$/g, "");
		if (frm.is_new() && (!frm.doc.metric_name || frm.doc.metric_name === frm.__proposed_name)) {
			frm.__proposed_name = name;
			frm.set_value("metric_name", name);
		}
	},
});
