// The dialog that creates a task in the sprint.
(() => {
	const sprints = orchestrator.sprints;
	const PRIORITIES = ["Low", "Medium", "High", "Urgent"];

	function can_create(board) {
		return board.state !== "Closed" && frappe.model.can_create(get_doctype(board));
	}

	function get_doctype(board) {
		return board.team_type === "GP Team" && !board.project ? "GP Task" : "Task";
	}

	function open_new_task_dialog(board, on_done) {
		const dialog = new frappe.ui.Dialog({
			title: __("New Task in {0}", [frappe.utils.escape_html(board.title)]),
			fields: [
				{ fieldtype: "Data", fieldname: "title", label: __("Subject"), reqd: 1 },
				{ fieldtype: "Float", fieldname: "expected_time", label: __("Estimate (Hours)"), non_negative: 1 },
				{ fieldtype: "Column Break" },
				{ fieldtype: "Link", fieldname: "assigned_to", label: __("Assigned To"), options: "User" },
				{ fieldtype: "Select", fieldname: "priority", label: __("Priority"), options: PRIORITIES, default: "Medium" },
			],
			primary_action_label: __("Create"),
			primary_action: async (values) => {
				dialog.disable_primary_action();
				try {
					await frappe.db.insert(build_task(board, values));
					dialog.hide();
					on_done();
				} finally {
					dialog.enable_primary_action();
				}
			},
		});
		dialog.show();
	}

	function build_task(board, { title, ...values }) {
		const doctype = get_doctype(board);
		if (doctype === "GP Task") {
			return { doctype, title, description: "", status: "Todo", team: board.team, sprint: board.sprint, ...values };
		}
		const department = board.team_type === "Department" ? board.team : undefined;
		return { doctype, subject: title, project: board.project, department, sprint: board.sprint, ...values };
	}

	Object.assign(sprints, { can_create, open_new_task_dialog });
})();
