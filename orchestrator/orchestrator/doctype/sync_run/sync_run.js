const PROGRESS = "orchestrator_sync_progress";
const UNFINISHED = ["Queued", "Running"];
const COUNTS = ["pages", "imported", "updated", "skipped", "failed"];
const POLL_MILLISECONDS = 5000;
const FINISHED = ["Completed", "Held", "Failed", "Cancelled", "Interrupted"];

frappe.ui.form.on("Sync Run", {
	refresh(frm) {
		frm.disable_save();
		const { status, dry_run, sync_type } = frm.doc;
		show_reason(frm);
		watch_progress(frm);
		if (!frappe.user.has_role(["System Manager", "Kipu Sync Manager"])) return;
		if ([...UNFINISHED, "Held"].includes(status)) add_action(frm, __("Cancel"), "cancel_sync");
		if (status === "Held" && !dry_run) add_action(frm, __("Approve"), "approve_sync_run", () => build_approve_question(frm));
		if (FINISHED.includes(status) && !dry_run && sync_type !== "rollback" && frm.doc.imported + frm.doc.updated) {
			add_action(frm, __("Roll Back"), "rollback_sync_run", () => build_rollback_question(frm));
		}
	},

	onload(frm) {
		// One listener for all forms of this DocType; it checks which one is open.
		frappe.realtime.off(PROGRESS);
		frappe.realtime.on(PROGRESS, show_progress);
	},
});

function show_reason(frm) {
	const show = (text, color) => frm.set_intro(`<span>${frappe.utils.escape_html(text)}</span>`, color);
	frm.set_intro("");
	if (frm.doc.status === "Held") show(frm.doc.held_reason, "orange");
	else if (frm.doc.error_class) show(frm.doc.error_text || frm.doc.error_class, "red");
	else if (frm.doc.rollback_report) show(describe_rollback(JSON.parse(frm.doc.rollback_report)), "blue");
}

function describe_rollback({ deleted, restored, kept_in_all }) {
	return __("Rollback: {0} records deleted, {1} restored, {2} kept because they were edited since.", [
		deleted,
		restored,
		kept_in_all,
	]);
}

function build_approve_question(frm) {
	return __("{0} Continue anyway?", [frm.doc.held_reason || ""]);
}

async function build_rollback_question(frm) {
	const { data } = await frappe.call({ method: "orchestrator.sync.preview_rollback", type: "GET", args: { run: frm.doc.name } });
	return __(
		"Delete the {0} clients and {1} stays that this run created, and restore the {2} records that it changed? Records that were edited since then are kept and listed. The connection is paused.",
		[data.clients, data.stays, data.changed]
	);
}

function add_action(frm, label, method, get_question) {
	const act = () =>
		frappe.call({
			method: `orchestrator.sync.${method}`,
			args: { run: frm.doc.name },
			freeze: true,
			callback: ({ data }) =>
				data.run === frm.doc.name ? frm.reload_doc() : frappe.set_route("Form", "Sync Run", data.run),
		});
	frm.add_custom_button(label, async () => (get_question ? frappe.confirm(await get_question(), act) : act()));
}

// Live updates show the progress of a run; polling covers the case that they do not arrive.
function watch_progress(frm) {
	clearInterval(frm.__polling);
	if (!UNFINISHED.includes(frm.doc.status)) return;
	show_progress({ ...frm.doc, run: frm.doc.name });
	poll(frm);
	frm.__polling = setInterval(() => poll(frm), POLL_MILLISECONDS);
}

async function poll(frm) {
	if (cur_frm !== frm) return clearInterval(frm.__polling);
	const { data } = await frappe.call({ method: "orchestrator.sync.get_sync_run", type: "GET", args: { run: frm.doc.name } });
	if (data) show_progress(data);
}

function show_progress(progress) {
	const frm = cur_frm;
	if (frm?.doctype !== "Sync Run" || frm.doc.name !== progress.run || !UNFINISHED.includes(frm.doc.status)) return;
	if (!UNFINISHED.includes(progress.status)) {
		clearInterval(frm.__polling);
		frm.reload_doc();
		return;
	}
	COUNTS.forEach((name) => (frm.doc[name] = progress[name] ?? frm.doc[name]));
	frm.doc.status = progress.status;
	[...COUNTS, "status"].forEach((name) => frm.refresh_field(name));
	frm.page.set_indicator(__(progress.status), "blue");
	// A headline is added below the others, so the previous one is removed.
	frm.dashboard.clear_headline();
	frm.dashboard.set_headline(render_progress(progress));
}

function render_progress(progress) {
	const percent = progress.percent ?? null;
	const bar =
		percent === null
			? ""
			: `<div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${cint(percent)}">
				<div class="progress-bar" style="width: ${cint(percent)}%"></div></div>`;
	return `<div>${describe_progress(progress)}</div>${bar}`;
}

function describe_progress(run) {
	if (run.status === "Queued") {
		return run.jobs_ahead ? __("Waiting for a worker: {0} jobs are ahead.", [run.jobs_ahead]) : __("Waiting for a worker.");
	}
	return __("{0}: {1} pages read, {2} imported, {3} updated, {4} skipped, {5} failed", [
		orchestrator.connections.PHASES[run.phase] || __("Starting"),
		...COUNTS.map((name) => run[name] || 0),
	]);
}
