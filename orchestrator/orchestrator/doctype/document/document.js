// Buttons for the actions of a document. Each is one call of the API.
const CALLS = "orchestrator.docs.";

frappe.ui.form.on("Document", {
	refresh(frm) {
		// Files are stored as versions; an attachment by the sidebar would be refused.
		frm.sidebar?.sidebar.find(".add-attachment-btn, .attachments-actions").hide();
		if (frm.is_new()) return;
		show_check_out(frm);
		frm.add_custom_button(__("Add Version"), () => pick_file(frm));
		if (!frm.doc.current_version) return;
		frm.add_custom_button(__("Download"), () => download(frm, frm.doc.current_version));
		const mine = frm.doc.checked_out_by === frappe.session.user;
		frm.add_custom_button(mine ? __("Check In") : __("Check Out"), () =>
			call(frm, mine ? "check_in" : "check_out")
		);
		frm.add_custom_button(__("Compare"), () => compare(frm), __("Versions"));
		frm.add_custom_button(__("Restore"), () => restore(frm), __("Versions"));
		frm.add_custom_button(__("Show All"), () => show_versions(frm), __("Versions"));
	},
});

function show_check_out(frm) {
	const holder = frm.doc.checked_out_by;
	if (!holder) return;
	const name = frappe.utils.escape_html(frappe.user.full_name(holder));
	frm.dashboard.set_headline(
		__("Checked out by {0} since {1}", [name, frappe.datetime.str_to_user(frm.doc.checked_out_at)])
	);
}

function call(frm, method, args = {}) {
	return frappe.call(CALLS + method, { document: frm.doc.name, ...args }).then((reply) => {
		frappe.show_alert({ message: reply.message, indicator: "green" });
		frm.reload_doc();
		return reply.data;
	});
}

function download(frm, version) {
	window.open(
		`/api/method/${CALLS}download?document=${encodeURIComponent(frm.doc.name)}&version=${version}`
	);
}

function pick_file(frm) {
	new frappe.ui.FileUploader({
		as_dataurl: true, // read in the browser and sent with the call, so that no separate File is created
		allow_multiple: false,
		disable_file_browser: true,
		allow_web_link: false,
		on_success: (file) => ask_notes(frm, file),
	});
}

function ask_notes(frm, file) {
	const name = file.file_obj?.name || file.name || file.filename;
	frappe.prompt(
		[{ fieldname: "version_notes", fieldtype: "Small Text", label: __("Notes") }],
		({ version_notes }) =>
			call(frm, "create_version", { file: file.dataurl, file_name: name, version_notes }),
		__("Version {0}: {1}", [frm.doc.current_version + 1, name]),
		__("Add Version")
	);
}

function ask_numbers(frm, fields, title, action, then) {
	const numbers = fields.map(([fieldname, label, value]) => ({
		fieldname,
		label,
		fieldtype: "Int",
		reqd: 1,
		default: value,
	}));
	frappe.prompt(numbers, then, title, action);
}

function restore(frm) {
	const earlier = Math.max(frm.doc.current_version - 1, 1);
	ask_numbers(
		frm,
		[["version", __("Version"), earlier]],
		__("Restore as Version {0}", [frm.doc.current_version + 1]),
		__("Restore"),
		({ version }) => call(frm, "restore_version", { version })
	);
}

function compare(frm) {
	const current = frm.doc.current_version;
	ask_numbers(
		frm,
		[
			["first", __("Version"), Math.max(current - 1, 1)],
			["second", __("Compare With Version"), current],
		],
		__("Compare Versions"),
		__("Compare"),
		(numbers) =>
			frappe
				.call(CALLS + "compare_versions", { document: frm.doc.name, ...numbers })
				.then(({ data }) => show_comparison(data))
	);
}

function show_comparison(data) {
	const escape = frappe.utils.escape_html;
	const rows = data.metadata.map(
		(row) =>
			`<tr><td>${escape(row.field)}</td><td>${escape(String(row.first ?? ""))}</td>` +
			`<td>${escape(String(row.second ?? ""))}</td></tr>`
	);
	const colors = { "+": "var(--green-600)", "-": "var(--red-600)", "@": "var(--text-muted)" };
	const lines = (data.text || []).map(
		(line) => `<div style="color: ${colors[line[0]] || "inherit"}">${escape(line) || "&nbsp;"}</div>`
	);
	const text =
		data.text === null
			? `<p class="text-muted">${__("There is no text to compare.")}</p>`
			: `<pre style="white-space: pre-wrap">${lines.join("")}</pre>`;
	frappe.msgprint({
		title: __("Versions {0} and {1}", [data.first, data.second]),
		message:
			'<table class="table table-bordered" style="table-layout: fixed; word-break: break-word">' +
			`<tbody>${rows.join("")}</tbody></table>${text}`,
		wide: true,
	});
}

function show_versions(frm) {
	frappe.set_route("List", "Document Version", { document: frm.doc.name });
}
