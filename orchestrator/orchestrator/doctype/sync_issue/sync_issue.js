frappe.ui.form.on("Sync Issue", {
	refresh(frm) {
		frm.disable_save();
		show_problem(frm);
		show_stay_button(frm);
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

// Desk evaluates the script of the list first, which has the sentences.
function show_problem(frm) {
	const { code, kind, field } = frm.doc;
	const problem = orchestrator.sync_issues.describe_code(code);
	const escape = frappe.utils.escape_html;
	frm.page.set_title(field ? `${problem}: ${field}` : problem);
	frm.set_intro("");
	frm.set_intro(
		`<span>${escape(problem)}${field ? ` (${escape(field)})` : ""}. ${orchestrator.sync_issues.describe_remedy(kind)}</span>`,
		frm.doc.status === "Open" ? "orange" : "blue"
	);
}

async function show_stay_button(frm) {
	const { casefile_id, connection } = frm.doc;
	if (!casefile_id || !frappe.model.can_read("Client Stay")) return;
	const { message } = await frappe.db.get_value("Client Stay", { casefile_id, connection }, ["name", "client"]);
	if (!message?.name) return;
	frm.add_custom_button(__("Stay"), () => frappe.set_route("Form", "Client Stay", message.name), __("Show"));
	frm.add_custom_button(__("Client"), () => frappe.set_route("Form", "Client", message.client), __("Show"));
}

function discard(issues, done) {
	frappe.confirm(__("Discard this issue? It will not be reported again."), () =>
		frappe.call({ method: "orchestrator.sync.discard_sync_issues", args: { issues }, callback: done })
	);
}
