// Titles of linked records in a list. Frappe 15 refuses the whole list to a reader who may not read the linked records.
frappe.provide("orchestrator");

orchestrator.leave_out_unreadable_titles = (list) => {
	for (const fieldname of Object.keys(list.link_field_title_fields || {})) {
		const { options } = frappe.meta.get_docfield(list.doctype, fieldname);
		if (!frappe.model.can_read(options)) delete list.link_field_title_fields[fieldname];
	}
};
