// Forms of tickets: the service level above the form, and buttons for reply, note and macros.
(() => {
	const tickets = orchestrator.tickets;

	tickets.extend_form = (doctype) => {
		tickets.extended ||= {};
		if (tickets.extended[doctype]) return;
		tickets.extended[doctype] = true;
		frappe.ui.form.on(doctype, {
			refresh(frm) {
				frm.saved_status = frm.doc.status;
				if (frm.is_new()) return clear(frm);
				if (tickets.is_staff(doctype)) add_buttons(frm);
				show_countdown(frm);
			},
			async before_save(frm) {
				if (tickets.is_staff(doctype)) await tickets.ask_before_save(frm);
			},
		});
	};

	function add_buttons(frm) {
		frm.add_custom_button(__("Macro"), () =>
			tickets.open_macro_dialog(frm.doctype, [String(frm.doc.name)], () => frm.reload_doc())
		);
		add_button(frm, __("Internal Note"), "note", () => tickets.open_note_dialog(frm));
		add_button(frm, __("Reply to Customer"), "reply", () => tickets.open_reply_dialog(frm));
	}

	function add_button(frm, label, kind, action) {
		frm.add_custom_button(label, action).addClass(`ticket-button ticket-${kind}`);
	}

	function clear(frm) {
		frm.countdowns?.stop();
		frm.countdowns = null;
		find_section(frm).remove();
	}

	async function show_countdown(frm) {
		clear(frm);
		const { name } = frm.doc;
		await tickets.load_styles();
		if (frm.doc.name !== name) return;
		frm.countdowns = new tickets.Countdowns(
			frm.doctype,
			() => cur_frm === frm && frm.doc.name === name,
			(rows) => render(frm, rows[String(name)])
		);
		await frm.countdowns.load([name]);
	}

	function find_section(frm) {
		return frm.layout.wrapper.find(".ticket-level").closest(".form-dashboard-section");
	}

	// A section, because ERPNext clears the headlines when it shows its own.
	function render(frm, row) {
		const text = row && tickets.describe(row);
		if (!row || (!text && !row.escalation)) return find_section(frm).remove();
		let box = frm.layout.wrapper.find(".ticket-level");
		if (!box.length) {
			frm.dashboard.add_section(`<div class="ticket-level"></div>`, __("Service Level"));
			frm.dashboard.show();
			box = frm.layout.wrapper.find(".ticket-level");
		}
		fill(frm, box.empty(), row, text);
	}

	function fill(frm, box, row, text) {
		if (text) tickets.render_pill(text, tickets.get_color(row)).appendTo(box);
		if (row.escalation) tickets.render_pill(describe_escalation(row.escalation), "red").appendTo(box);
		const details = list_details(row).join(" · ");
		if (details) $(`<div class="text-muted"></div>`).text(details).appendTo(box);
		if (!row.paused_since || !tickets.is_staff(frm.doctype)) return;
		$(`<button type="button" class="btn btn-xs btn-default"></button>`)
			.text(row.pause_reason ? __("Change Reason") : __("Give a Reason"))
			.on("click", () => tickets.change_reason(frm, row))
			.appendTo(box);
	}

	function describe_escalation({ stage, escalated_to }) {
		return escalated_to
			? __("{0}: escalated to {1}", [__(stage), frappe.user.full_name(escalated_to)])
			: __("{0}: escalated", [__(stage)]);
	}

	function list_details(row) {
		const details = [];
		if (row.pause_note) details.push(row.pause_note);
		if (row.due) details.push(__("Due at {0}", [tickets.format_moment(row.due)]));
		if (tickets.is_running(row) && !row.is_counting) details.push(__("Outside working hours: the clock stands still"));
		if (row.paused_since && row.working_seconds_left > 0)
			details.push(__("{0} of working time remain after the pause", [tickets.format_duration(row.working_seconds_left)]));
		return details;
	}
})();
