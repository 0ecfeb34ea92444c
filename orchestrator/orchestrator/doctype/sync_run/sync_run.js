const PROGRESS = "orchestrator_sync_progress";
const UNFINISHED = ["Queued", "Running"];
const PHASES = {
	locations: __("Reading locations"),
	due: __("Applying planned discharges"),
	latest: __("Reading recent changes"),
	windows: __("Reading the history"),
	census: __("Checking current clients"),
	vault: __("Checking deleted records"),
	retry: __("Retrying records"),
	settle: __("Updating discharged clients"),
};
const FINISHED = ["Completed", "Held", "Failed", "Cancelled", "Interrupted"];

frappe.ui.form.on("Sync Run", {
	refresh(frm) {
		frm.disable_save();
		const { status, dry_run, sync_type } = frm.doc;
		show_reason(frm);
		watch_progress(frm);
		if (!frappe.user.has_role(["System Manager", "Kipu Sync Manager"])) return;
		if ([...UNFINISHED, "Held"].includes(status)) add_action(frm, __("Cancel"), "cancel_sync");
		if (status === "Held" && !dry_run) add_action(frm, __("Approve"), "approve_sync_run", build_approve_question(frm));
		if (FINISHED.includes(status) && !dry_run && sync_type !== "rollback" && frm.doc.imported + frm.doc.updated) {
			add_action(frm, __("Roll Back"), "rollback_sync_run", build_rollback_question(frm));
		}
	},

	onload(frm) {
		// One listener for all forms of this DocType; it checks which one is open.
		frappe.realtime.off(PROGRESS);
		frappe.realtime.on(PROGRESS, show_progress);
	},
});

function show_reason(frm) {
	const escape = frappe.utils.escape_html;
	if (frm.doc.status === "Held") frm.set_intro(escape(frm.doc.held_reason), "orange");
	else if (frm.doc.error_class) frm.set_intro(escape(frm.doc.error_text || frm.doc.error_class), "red");
}

function build_approve_question(frm) {
	return __("{0} Continue anyway?", [frm.doc.held_reason || ""]);
}

function build_rollback_question(frm) {
	return __(
		"Delete the {0} records that this run created and restore the {1} records that it changed? Records that were edited since then are kept and listed. The connection is paused.",
		[frm.doc.imported, frm.doc.updated]
	);
}

function add_action(frm, label, method, question) {
	const act = () =>
		frappe.call({
			method: `orchestrator.sync.${method}`,
			args: { run: frm.doc.name },
			freeze: true,
			callback: ({ data }) =>
				data.run === frm.doc.name ? frm.reload_doc() : frappe.set_route("Form", "Sync Run", data.run),
		});
	frm.add_custom_button(label, () => (question ? frappe.confirm(question, act) : act()));
}

// Live updates show the progress of a run; polling covers the case that they do not arrive.
function watch_progress(frm) {
	clearInterval(frm.__polling);
	if (!UNFINISHED.includes(frm.doc.status)) return;
	frm.dashboard.set_headline(describe_counts(frm.doc));
	frm.__polling = setInterval(() => {
		if (cur_frm !== frm) clearInterval(frm.__polling);
		else frm.reload_doc();
	}, 10000);
}

function show_progress(progress) {
	const frm = cur_frm;
	if (frm?.doctype !== "Sync Run" || frm.doc.name !== progress.run) return;
	frm.dashboard.set_headline(describe_counts(progress));
}

function describe_counts(run) {
	return __("{0}: {1} pages read, {2} imported, {3} updated, {4} skipped, {5} failed", [
		run.phase ? PHASES[run.phase] || frappe.utils.escape_html(run.phase) : __("Waiting for a worker"),
		run.pages || 0,
		run.imported || 0,
		run.updated || 0,
		run.skipped || 0,
		run.failed || 0,
	]);
}
