// Macros: chosen, previewed on the ticket, and applied to one ticket or to several.
(() => {
	const tickets = orchestrator.tickets;

	tickets.open_macro_dialog = async (doctype, names, on_done) => {
		const macros = await tickets.fetch("get_macros", { doctype });
		if (!macros.length) return frappe.msgprint({ title: __("Macros"), message: __("Your team has no macros yet. An administrator can create them in the list Ticket Macro.") });
		const dialog = new frappe.ui.Dialog({
			title: names.length > 1 ? __("Apply Macro to {0} Tickets", [names.length]) : __("Apply Macro"),
			size: "large",
			fields: [
				{
					fieldname: "macro",
					fieldtype: "Select",
					label: __("Macro"),
					reqd: 1,
					options: ["", ...macros.map((macro) => macro.name)],
					change: () => preview(dialog, doctype, names[0], macros),
				},
				{ fieldname: "preview", fieldtype: "HTML" },
			],
			primary_action_label: __("Apply"),
			primary_action: ({ macro }) => apply(dialog, doctype, names, macro, on_done),
		});
		dialog.is_for_several = names.length > 1;
		dialog.show();
	};

	async function preview(dialog, doctype, name, macros) {
		const box = dialog.get_field("preview").$wrapper.empty();
		const chosen = dialog.get_value("macro");
		const macro = macros.find((each) => each.name === chosen);
		dialog.get_primary_btn().prop("disabled", !macro);
		if (!macro) return;
		const shown = await tickets.fetch("preview_macro", { macro: macro.name, issue: name, doctype });
		if (dialog.get_value("macro") !== chosen) return;
		const content = $(`<div class="ticket-preview"></div>`).appendTo(box.empty());
		if (macro.description) $(`<p class="text-muted"></p>`).text(macro.description).appendTo(content);
		if (dialog.is_for_several) $(`<p class="text-muted"></p>`).text(__("Preview for {0}:", [name])).appendTo(content);
		if (shown.refusal) $(`<p class="ticket-refusal" role="alert"></p>`).text(shown.refusal).appendTo(content);
		dialog.get_primary_btn().prop("disabled", Boolean(shown.refusal) && !dialog.is_for_several);
		render_changes(content, shown);
		if (shown.note) render_message(content, "note", __("Internal note, only for the support team"), shown.note);
		if (shown.reply) render_reply(content, shown);
	}

	function render_changes(content, shown) {
		const list = $(`<ul></ul>`);
		for (const { label, before, after } of shown.changes)
			$(`<li></li>`).text(__("{0}: {1} becomes {2}", [label, __(before || "–"), __(after)])).appendTo(list);
		if (shown.assign_to) $(`<li></li>`).text(__("Assign to {0}", [frappe.user.full_name(shown.assign_to)])).appendTo(list);
		if (shown.tags.length) $(`<li></li>`).text(__("Add tags: {0}", [shown.tags.join(", ")])).appendTo(list);
		if (list.children().length) content.append(list);
	}

	function render_reply(content, shown) {
		const people = [shown.recipient, ...shown.cc].filter(Boolean).join(", ");
		const title = people ? __("Reply, goes to {0}", [people]) : __("Reply");
		render_message(content, "reply", title, shown.reply, shown.mail_note);
	}

	// The server has sanitized the message.
	function render_message(content, kind, title, message, remark) {
		const box = $(`<div class="ticket-message"><b></b><div class="ticket-message-body"></div></div>`).addClass(`ticket-${kind}`);
		box.find("b").text(title);
		box.find(".ticket-message-body").html(frappe.dom.remove_script_and_style(message));
		if (remark) $(`<p class="text-muted small"></p>`).text(remark).appendTo(box);
		content.append(box);
	}

	async function apply(dialog, doctype, names, macro, on_done) {
		dialog.disable_primary_action();
		try {
			const run = await tickets.send("apply_macro", { macro, issues: names, doctype });
			dialog.hide();
			report(run);
			on_done();
		} finally {
			dialog.enable_primary_action();
		}
	}

	function report(run) {
		if (!run.failed) return frappe.show_alert({ message: __("Macro applied to {0} tickets.", [run.applied]), indicator: "green" });
		const escape = frappe.utils.escape_html;
		const lines = run.results
			.filter((result) => !result.applied)
			.map((result) => `<li>${escape(result.issue)}: ${escape(result.error)}</li>`);
		frappe.msgprint({
			title: __("{0} applied, {1} unchanged", [run.applied, run.failed]),
			message: `<ul>${lines.join("")}</ul>`,
			indicator: "orange",
		});
	}
})();
