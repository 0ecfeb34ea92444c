frappe.ui.form.on("Orchestrator Metric", {
	refresh(frm) {
		frm.call("get_measures").then(({ message }) => frm.set_df_property("measure", "options", message));
	},
});
