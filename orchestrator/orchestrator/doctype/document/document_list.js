frappe.listview_settings["Document"] = {
	add_fields: ["status", "approved_version", "current_version"],

	onload(list) {
		list.page.add_inner_button(__("Document Browser"), () => frappe.set_route("document-browser"));
		list.page.add_inner_button(__("Upload"), async () => {
			await frappe.require("/assets/orchestrator/js/documents/load.js");
			await orchestrator.documents.load();
			orchestrator.documents.ask_and_upload(null, () => list.refresh());
		});
	},

	get_indicator(doc) {
		const filter = `status,=,${doc.status}`;
		if (doc.status === "Approved" && doc.approved_version && doc.approved_version < doc.current_version) {
			return [__("Approved v{0}, v{1} is newer", [doc.approved_version, doc.current_version]), "orange", filter];
		}
		const colors = { Draft: "gray", "In Review": "orange", Approved: "green", Archived: "blue" };
		return [__(doc.status), colors[doc.status], filter];
	},
};
