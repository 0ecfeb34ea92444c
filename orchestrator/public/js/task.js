// Sprints that the task may join: of its project or of a team, and not closed.
frappe.ui.form.on("Task", {
	onload(frm) {
		frm.set_query("sprint", () => ({
			filters: [
				["state", "!=", "Closed"],
				["project", "in", ["", frm.doc.project || ""]],
			],
		}));
	},
});
