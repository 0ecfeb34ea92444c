// A stay is shown by the client's name and the day of admission. Neither is stored with the stay.
frappe.ui.form.on("Client Stay", {
	async refresh(frm) {
		if (frm.is_new()) return;
		frm.add_custom_button(__("Client 360"), () => frappe.set_route("client-360", frm.doc.client));
		const { name, client, admission_date } = frm.doc;
		const title = await Promise.resolve(
			frappe.utils.get_link_title("Client", client) || frappe.utils.fetch_link_title("Client", client)
		);
		const day = admission_date ? frappe.datetime.str_to_user(admission_date) : "";
		if (frm.doc.name === name) {
			frm.page.set_title(day ? __("{0}, admitted {1}", [title || client, day]) : title || client);
		}
	},
});
