// The secret of a key is shown once: after it was created, and after it was rotated.
const show_secret = (key, secret) => {
	const header = `token ${key}:${secret}`;
	const note = __("The secret is not stored and cannot be shown again.");
	const build_field = (fieldname, fieldtype, label, value) => {
		return { fieldname, fieldtype, label, read_only: 1, default: value };
	};
	new frappe.ui.Dialog({
		title: __("Copy the Secret Now"),
		fields: [
			{ fieldname: "note", fieldtype: "HTML", options: `<p>${note}</p>` },
			build_field("key", "Data", __("Key"), key),
			build_field("secret", "Data", __("Secret"), secret),
			build_field("header", "Small Text", __("Authorization Header"), header),
		],
		primary_action_label: __("Copy Header"),
		primary_action: () => frappe.utils.copy_to_clipboard(header),
	}).show();
};

frappe.ui.form.on("API Key", {
	setup(frm) {
		frm.set_query("user", () => ({ filters: { enabled: 1, user_type: "System User" } }));
		frm.set_query("reference_doctype", "doctypes", () => ({ filters: { istable: 0 } }));
	},

	refresh(frm) {
		if (frm.is_new()) {
			frm.set_intro(__("The secret of the key is shown once, after you save."));
			return;
		}
		if (frm.doc.__onload?.secret) {
			show_secret(frm.doc.name, frm.doc.__onload.secret);
			delete frm.doc.__onload.secret;
		}
		if (!frm.doc.enabled) return;
		frm.add_custom_button(__("Rotate Secret"), () => frm.trigger("rotate"));
		frm.add_custom_button(__("Revoke"), () => frm.trigger("revoke"));
	},

	rotate(frm) {
		const fields = [
			{
				fieldname: "overlap_hours",
				fieldtype: "Int",
				label: __("Hours for Which the Old Secret Stays Valid"),
				default: 24,
				reqd: 1,
			},
		];
		frappe.prompt(fields, async ({ overlap_hours }) => {
			const args = { key: frm.doc.name, overlap_hours };
			const reply = await frappe.call({ method: "orchestrator.api.keys.rotate_key", args });
			await frm.reload_doc();
			show_secret(frm.doc.name, reply.data.secret);
		}, __("Rotate Secret"), __("Rotate"));
	},

	revoke(frm) {
		frappe.confirm(__("Revoke this key? Programs that use it are refused at once."), async () => {
			await frappe.call({ method: "orchestrator.api.keys.revoke_key", args: { key: frm.doc.name } });
			frm.reload_doc();
		});
	},
});
