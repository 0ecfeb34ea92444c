// The reason of a pause: asked for before a ticket is saved with a status that pauses it.
(() => {
	const tickets = orchestrator.tickets;
	const PAUSING = { Issue: ["On Hold", "Replied"], "HD Ticket": null }; // null: by the category of the status

	tickets.is_pausing = async (doctype, status) => {
		if (PAUSING[doctype]) return PAUSING[doctype].includes(status);
		if (!status) return false;
		const { message } = await frappe.db.get_value("HD Ticket Status", status, "category");
		return message?.category === "Paused";
	};

	// Asks once for each change of the status. Without an answer, the ticket is not saved.
	tickets.ask_before_save = async (frm) => {
		delete frm.doc.pause_reason;
		delete frm.doc.pause_note;
		const { status } = frm.doc;
		if (frm.is_new() || status === frm.saved_status || !(await tickets.is_pausing(frm.doctype, status))) return;
		const answer = await ask_reason(status);
		if (!answer) {
			frappe.validated = false;
			return;
		}
		Object.assign(frm.doc, { pause_reason: answer.reason, pause_note: answer.note });
	};

	tickets.change_reason = async (frm, countdown) => {
		const answer = await ask_reason(frm.doc.status, countdown);
		if (!answer) return;
		await tickets.send("pause_ticket", { issue: frm.doc.name, doctype: frm.doctype, status: frm.doc.status, ...answer });
		frm.reload_doc();
	};

	function ask_reason(status, current = {}) {
		return new Promise((resolve) => {
			const reasons = ["Waiting for Customer", "Waiting for Third Party", "Waiting for Colleague", "Scheduled for Later", "Other"];
			const options = reasons.map((value) => ({ value, label: __(value) }));
			const preset = current.pause_reason || (status === "Replied" ? reasons[0] : "");
			const dialog = new frappe.ui.Dialog({
				title: __("Why does the ticket wait?"),
				fields: [
					{ fieldname: "reason", fieldtype: "Select", label: __("Reason"), options: [{ value: "", label: "" }, ...options], default: preset, reqd: 1 },
					{ fieldname: "note", fieldtype: "Small Text", label: __("Note"), default: current.pause_note || "", description: __("Only the support team sees this.") },
				],
				primary_action_label: __("Pause Ticket"),
				primary_action: (values) => {
					resolve({ reason: values.reason, note: values.note || "" });
					dialog.hide();
				},
			});
			dialog.onhide = () => resolve(null);
			dialog.show();
		});
	}
})();
