// New check-ins and leave applications are for the reader, who mostly is one employee.
["Employee Checkin", "Leave Application"].forEach((doctype) =>
	frappe.ui.form.on(doctype, {
		async onload(frm) {
			if (!frm.is_new() || frm.doc.employee || !frappe.model.can_read("Employee")) return;
			const filters = { user_id: frappe.session.user, status: "Active" };
			const own = await frappe.db.get_list("Employee", { filters, fields: ["name"], limit: 2 });
			if (own.length === 1 && frm.is_new() && !frm.doc.employee) frm.set_value("employee", own[0].name);
		},
	})
);
