const CREDENTIALS = ["access_id", "secret_key", "app_id"];

frappe.ui.form.on("Kipu Connection", {
	refresh(frm) {
		// These are keys that Kipu issued: nobody chooses how strong they are.
		CREDENTIALS.forEach((name) => frm.get_field(name).disable_password_checks?.());
		frm.set_intro("");
		if (frm.is_new()) return show_first_step(frm);
		show_status(frm);
		show_health(frm);
		if (!frm.perm[0]?.write) return;
		frm.add_custom_button(__("Test"), () => test_connection(frm));
		frm.add_custom_button(__("Sync"), () => ask_and_sync(frm, false));
		frm.add_custom_button(__("Dry Run"), () => ask_and_sync(frm, true));
		if (frm.doc.status === "Paused") frm.add_custom_button(__("Resume"), () => resume(frm));
		if (frappe.model.can_read("Client")) {
			frm.add_custom_button(__("Preview Mapping"), () => ask_and_preview(frm));
		}
		frm.add_custom_button(__("Runs"), () => show_list(frm, "Sync Run"), __("Show"));
		frm.add_custom_button(__("Issues"), () => show_list(frm, "Sync Issue"), __("Show"));
		frm.add_custom_button(__("Health"), () => frappe.set_route("connection-health", frm.doc.name), __("Show"));
		frm.add_custom_button(__("Wizard"), () => frappe.set_route("connection-wizard", frm.doc.name), __("Show"));
	},
});

function show_first_step(frm) {
	if (frappe.model.can_create("Kipu Connection")) {
		frm.set_intro(
			__("Enter the three credentials that Kipu gave you: access ID, secret key and app ID. Save, then use Test.")
		);
		return;
	}
	frm.disable_save();
	frm.disable_form();
	frm.set_intro(__("Only a System Manager can create a connection. Ask one; after that you can test and run it."), "orange");
}

// The steps from a new connection to one that syncs by itself.
function show_status(frm) {
	const { status, paused_reason, tested_at, last_success, schedule_enabled } = frm.doc;
	if (status === "Paused") {
		frm.set_intro(`<span>${__("Paused: {0}", [frappe.utils.escape_html(paused_reason || "")])}</span>`, "red");
	} else if (!tested_at) {
		frm.set_intro(__("Step 1 of 3: press Test to check the address and the credentials."), "blue");
	} else if (!last_success) {
		frm.set_intro(__("Step 2 of 3: press Dry Run to see what a sync would change. Then press Sync."), "blue");
	} else if (!schedule_enabled) {
		frm.set_intro(__("Step 3 of 3: to sync by itself, turn on Sync Automatically in the tab Schedule."), "blue");
	}
}

// The latest runs as a chart, and what they say, above the form.
async function show_health(frm) {
	if (!["Sync Run", "Sync Issue"].every((doctype) => frappe.model.can_read(doctype))) return;
	const name = frm.doc.name;
	const { data } = await frappe.call({
		method: "orchestrator.sync.get_connection_health",
		type: "GET",
		args: { connection: name },
	});
	if (frm.doc.name !== name || !data?.runs.length) return;
	frm.layout.wrapper.find(".connection-health").closest(".form-dashboard-section").remove();
	const body = frm.dashboard.add_section(`<div class="connection-health"></div>`, __("Health")).find(".connection-health");
	body.append($(`<p></p>`).text(describe_health(data).join(" · ")), `<div class="connection-runs"></div>`);
	draw_runs(body.find(".connection-runs").get(0), data.runs);
	frm.dashboard.show();
}

function describe_health({ last_success, next_run_at, open_issues }) {
	const when = (time) => frappe.datetime.comment_when(time.replace("T", " ").slice(0, 19), false);
	const issues = Object.entries(open_issues).map(([kind, count]) => `${count} ${__(kind)}`);
	return [
		last_success ? __("Last success: {0}", [strip_html(when(last_success))]) : __("No sync has succeeded yet"),
		next_run_at ? __("Next run: {0}", [frappe.datetime.str_to_user(next_run_at.replace("T", " ").slice(0, 19))]) : __("Not scheduled"),
		issues.length ? __("Open issues: {0}", [issues.join(", ")]) : __("No open issues"),
	];
}

function draw_runs(container, runs) {
	const count = (name) => runs.map((run) => run[name]);
	return new frappe.Chart(container, {
		type: "bar",
		height: 160,
		colors: ["#48bb74", "#318ad8", "#f56b6b"],
		barOptions: { stacked: 1 },
		axisOptions: { xIsSeries: 1, shortenYAxisNumbers: 1 },
		data: {
			labels: runs.map((run) => moment(run.requested_at).format("D MMM HH:mm")),
			datasets: [
				{ name: __("Imported"), values: count("imported") },
				{ name: __("Updated"), values: count("updated") },
				{ name: __("Failed"), values: count("failed") },
			],
		},
	});
}

function show_list(frm, doctype) {
	frappe.set_route("List", doctype, { connection: frm.doc.name });
}

function test_connection(frm) {
	frappe.call({
		method: "orchestrator.sync.test_connection",
		args: { connection: frm.doc.name },
		freeze: true,
		freeze_message: __("Contacting Kipu…"),
		callback: (reply) => {
			show_test(reply.data);
			frm.reload_doc();
		},
	});
}

const COLORS = { ok: "green", warn: "orange", fail: "red" };

function show_test(result) {
	const escape = frappe.utils.escape_html;
	const rows = result.checks.map(
		(check) => `<tr><td><span class="indicator-pill ${COLORS[check.level]}">${escape(check.title)}</span></td>
			<td>${escape(check.found)}${check.remedy ? `<br><b>${escape(check.remedy)}</b>` : ""}</td></tr>`
	);
	const locations = result.locations.map(
		(location) => `<tr><td>${escape(location.location_id)}</td><td>${escape(location.location_name)}</td></tr>`
	);
	frappe.msgprint({
		title: result.ok ? __("The connection works") : __("The connection does not work"),
		indicator: result.ok ? "green" : "red",
		wide: true,
		message: `<table class="table">${rows.join("")}</table>${
			locations.length ? `<h5>${__("Locations in Kipu")}</h5><table class="table">${locations.join("")}</table>` : ""
		}`,
	});
}

function ask_and_sync(frm, dry_run) {
	const fields = [
		{
			fieldname: "sync_type",
			label: __("Scope"),
			fieldtype: "Select",
			options: [
				{ value: "incremental", label: __("Changes since the last sync") },
				{ value: "full", label: __("All records") },
			],
			default: "incremental",
			reqd: 1,
		},
		{ fieldname: "since_date", label: __("Or Only Changes Since"), fieldtype: "Date" },
	];
	const title = dry_run ? __("Dry Run") : __("Sync");
	frappe.prompt(fields, (values) => sync(frm, { ...values, dry_run }), title, __("Start"));
}

function sync(frm, values) {
	frappe.call({
		method: "orchestrator.sync.sync_kipu_clients",
		args: { connection: frm.doc.name, background: true, ...values },
		freeze: true,
		callback: (reply) => frappe.set_route("Form", "Sync Run", reply.data.run),
	});
}

function resume(frm) {
	frappe.call({
		method: "orchestrator.sync.resume_connection",
		args: { connection: frm.doc.name },
		callback: () => frm.reload_doc(),
	});
}

function ask_and_preview(frm) {
	const field = {
		fieldname: "casefile_id",
		label: __("Casefile ID"),
		fieldtype: "Data",
		reqd: 1,
		description: __("The record is fetched from Kipu and shown here. It is not saved."),
	};
	frappe.prompt(
		field,
		({ casefile_id }) =>
			frappe.call({
				method: "orchestrator.sync.preview_mapping",
				args: { connection: frm.doc.name, casefile_id },
				freeze: true,
				callback: (reply) => show_preview(reply.data),
			}),
		__("Preview Mapping"),
		__("Show")
	);
}

const POLICIES = {
	source: __("Kipu wins"),
	local: __("This site wins"),
	"set-once": __("Keep first value"),
	review: __("Ask someone"),
};

function get_effect(row) {
	return orchestrator.connections.EFFECTS[row.effect] || ["gray", row.effect];
}

function show_preview(preview) {
	const escape = (value) => frappe.utils.escape_html(value ?? "");
	if (!preview.fields.length) {
		const { code, field } = preview.error || {};
		frappe.msgprint(
			preview.error
				? __("A sync could not import this record: {0} in {1}.", [code, field])
				: __("This connection skips the record.")
		);
		return;
	}
	const rows = preview.fields.map(
		(row) => `<tr class="effect-${row.effect === "same" ? "same hidden" : "other"}"><td>${escape(row.source)}</td><td>${escape(__(row.doctype))}: ${escape(row.label)}</td>
			<td>${row.hidden ? "&#8226;&#8226;&#8226;" : escape(row.kipu)}</td><td>${row.hidden ? "&#8226;&#8226;&#8226;" : escape(row.here)}</td>
			<td><span class="indicator-pill ${get_effect(row)[0]}">${escape(get_effect(row)[1])}</span></td><td>${escape(POLICIES[row.policy] || row.policy)}</td></tr>`
	);
	const same = preview.fields.filter((row) => row.effect === "same").length;
	const heads = [__("Kipu Field"), __("Field on This Site"), __("Value in Kipu"), __("Current Value"), __("Effect"), __("Conflict Policy")];
	const dialog = new frappe.ui.Dialog({ title: preview.casefile_id, size: "extra-large" });
	dialog.$body.html(
		`<p>${escape(preview.status)}, ${escape(preview.facility)}: ${preview.client ? escape(preview.client) : __("new client")}</p>
		${same ? `<p><label><input type="checkbox" class="show-same"> ${__("Also show {0} fields without a change", [same])}</label></p>` : ""}
		<table class="table table-bordered"><tr>${heads.map((head) => `<th>${head}</th>`).join("")}</tr>${rows.join("")}</table>`
	);
	dialog.$body.find(".show-same").on("change", (event) => {
		dialog.$body.find(".effect-same").toggleClass("hidden", !event.target.checked);
	});
	dialog.show();
}
