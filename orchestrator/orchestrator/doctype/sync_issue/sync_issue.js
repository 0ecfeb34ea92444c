frappe.ui.form.on("Sync Issue", {
	refresh(frm) {
		frm.disable_save();
		if (frm.doc.status !== "Open" || !frappe.user.has_role(["System Manager", "Kipu Sync Manager"])) return;
		if (frm.doc.kind === "Record") {
			frm.add_custom_button(__("Retry"), () =>
				frappe.call({
					method: "orchestrator.sync.retry_sync_issues",
					args: { connection: frm.doc.connection, issues: [frm.doc.name] },
					freeze: true,
					callback: () => frm.reload_doc(),
				})
			);
		}
		frm.add_custom_button(__("Discard"), () => discard([frm.doc.name], () => frm.reload_doc()));
	},
});

function discard(issues, done) {
	frappe.confirm(__("Discard this issue? It will not be reported again."), () =>
		frappe.call({ method: "orchestrator.sync.discard_sync_issues", args: { issues }, callback: done })
	);
}
