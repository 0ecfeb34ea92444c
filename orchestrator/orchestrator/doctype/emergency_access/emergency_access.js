// The review, by a privacy officer. Nobody reviews their own access.
frappe.ui.form.on("Emergency Access", {
	refresh(frm) {
		if (frm.doc.reviewed_at || frm.doc.user === frappe.session.user) return;
		frm.add_custom_button(__("Review…"), () => ask_for_finding(frm));
	},
});

function ask_for_finding(frm) {
	frappe.prompt(
		[
			{
				fieldname: "finding",
				fieldtype: "Small Text",
				label: __("Finding"),
				description: __("Was the access justified? The answer cannot be changed afterwards."),
				reqd: 1,
			},
		],
		async ({ finding }) => {
			await frappe.call({
				method: "orchestrator.privacy.review_emergency_access",
				args: { name: frm.doc.name, finding },
			});
			frm.reload_doc();
		},
		__("Review Emergency Access"),
		__("Save Review")
	);
}
