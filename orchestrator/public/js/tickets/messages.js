// Reply and note: two dialogs that cannot be confused. The reply names who gets it, the note says that no customer does.
(() => {
	const tickets = orchestrator.tickets;

	tickets.open_reply_dialog = async (frm) => {
		const args = { issue: frm.doc.name, doctype: frm.doctype };
		const recipients = await tickets.fetch("get_reply_recipients", args);
		const dialog = open_dialog(frm, {
			title: __("Reply to the Customer"),
			kind: "reply",
			button: recipients.mail_note ? __("Save Reply") : __("Send Reply"),
			is_internal: false,
		});
		const banner = dialog.get_field("banner").$wrapper.find(".ticket-banner");
		const people = [recipients.recipient, ...recipients.cc].filter(Boolean).join(", ");
		const title = recipients.mail_note ? __("Visible to the customer in the portal") : __("Goes to {0}", [people]);
		$(`<b></b>`).text(title).appendTo(banner);
		if (recipients.mail_note) $(`<div></div>`).text(recipients.mail_note).appendTo(banner);
	};

	tickets.open_note_dialog = (frm) => {
		const dialog = open_dialog(frm, {
			title: __("Internal Note"),
			kind: "note",
			button: __("Save Note"),
			is_internal: true,
		});
		const banner = dialog.get_field("banner").$wrapper.find(".ticket-banner");
		$(`<b></b>`).text(__("Only the support team sees this. Nothing is sent to the customer.")).appendTo(banner);
	};

	function open_dialog(frm, { title, kind, button, is_internal }) {
		const dialog = new frappe.ui.Dialog({
			title,
			size: "large",
			fields: [
				{ fieldname: "banner", fieldtype: "HTML", options: `<div class="ticket-banner"></div>` },
				{ fieldname: "message", fieldtype: "Text Editor", label: title, reqd: 1 },
			],
			primary_action_label: button,
			primary_action: ({ message }) => send(frm, dialog, message, is_internal),
		});
		dialog.$wrapper.addClass(`ticket-dialog ticket-${kind}`);
		dialog.show();
		return dialog;
	}

	async function send(frm, dialog, message, is_internal) {
		dialog.disable_primary_action();
		try {
			const args = { issue: frm.doc.name, doctype: frm.doctype, message, is_internal, format: "html" };
			const written = await tickets.send("add_issue_comment", args);
			dialog.hide();
			frappe.show_alert(describe_result(written, is_internal));
			frm.reload_doc();
		} finally {
			dialog.enable_primary_action();
		}
	}

	function describe_result(written, is_internal) {
		if (is_internal) return { message: __("Note saved for the support team."), indicator: "yellow" };
		return written.mail_queued
			? { message: __("Reply sent to {0}", [written.recipients.join(", ")]), indicator: "green" }
			: { message: written.mail_note || __("Reply saved."), indicator: "orange" };
	}
})();
