// "Emergency Access…" in the menu of the list of clients: an exact ID, a reason and the password. There is no search by names.
frappe.provide("orchestrator");

orchestrator.open_emergency_access = () => {
	const dialog = new frappe.ui.Dialog({
		title: __("Emergency Access"),
		fields: [
			{
				fieldtype: "HTML",
				options: `<p class="text-muted">${__(
					"You will read one client for a limited time. The access is recorded, and a privacy officer reviews it."
				)}</p>`,
			},
			{
				fieldname: "client",
				fieldtype: "Data",
				label: __("Client ID or MR Number"),
				description: __("Exactly as in the records."),
				reqd: 1,
			},
			{ fieldname: "reason", fieldtype: "Small Text", label: __("Reason"), reqd: 1 },
			{ fieldname: "password", fieldtype: "Data", label: __("Your Password"), reqd: 1 },
		],
		primary_action_label: __("Open Client"),
		primary_action: async (values) => {
			const reply = await frappe.call({
				method: "orchestrator.privacy.open_emergency_access",
				args: values,
				btn: dialog.get_primary_btn(),
				// a refusal is shown by Frappe; the password is entered again
				error: () => dialog.set_value("password", ""),
			});
			if (!reply?.data) return;
			dialog.hide();
			frappe.set_route("Form", "Client", reply.data.client);
		},
	});
	// Frappe's field of type Password rates the strength of new passwords.
	dialog.fields_dict.password.$input.attr({ type: "password", autocomplete: "current-password" });
	dialog.show();
	return dialog;
};

orchestrator.add_emergency_access = (listview) => {
	if (!frappe.boot.offers_emergency_access) return;
	listview.page.add_menu_item(__("Emergency Access…"), () => orchestrator.open_emergency_access());
};
