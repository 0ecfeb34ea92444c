// The dialogs that start and close a sprint.
(() => {
	const sprints = orchestrator.sprints;
	const STAYS = "stays";
	const UNFINISHED = ["to_do", "in_progress", "in_review"];

	function confirm_start(sprint, on_done) {
		const text = __("Start {0}? The hours of work that remain now become its commitment.", [
			frappe.utils.escape_html(sprint.title),
		]);
		frappe.confirm(text, async () => {
			await sprints.write("start_sprint", { sprint: sprint.name }, { freeze: true });
			on_done();
		});
	}

	// `sprint` has name, title, project and team.
	async function open_closing_dialog(sprint, on_done) {
		const [board, targets] = await Promise.all([
			sprints.read("get_sprint_board", { sprint: sprint.name }),
			sprints.list_open_sprints(sprint),
		]);
		const columns = board.columns.filter((column) => UNFINISHED.includes(column.column));
		const tasks = columns.flatMap((column) => column.tasks.map((task) => ({ ...task, column: column.title })));
		const dialog = new frappe.ui.Dialog({
			title: __("Close {0}", [frappe.utils.escape_html(sprint.title)]),
			size: "large",
			fields: [{ fieldtype: "HTML", fieldname: "content" }],
			primary_action_label: __("Close Sprint"),
			primary_action: () => close_sprint(dialog, sprint, on_done),
		});
		const content = $(`<div class="sb-closing"></div>`).appendTo(dialog.get_field("content").$wrapper);
		render_summary(content, board, tasks);
		if (tasks.length || board.hidden_tasks) render_destinations(content, tasks, targets);
		dialog.show();
		return dialog;
	}

	function render_summary(content, board, tasks) {
		const done = board.columns.find((column) => column.column === "done").tasks.length;
		const hours = tasks.reduce((sum, task) => sum + task.remaining_hours, 0);
		content.append(
			sprints.render_figures([
				[__("Done"), done],
				[__("Unfinished"), tasks.length + (board.hidden_tasks ? ` + ${board.hidden_tasks}` : "")],
				[__("Remaining"), sprints.format_hours(hours)],
			])
		);
		if (!tasks.length && !board.hidden_tasks) sprints.show_text(content, __("All tasks are finished."));
		if (board.hidden_tasks) {
			sprints.show_text(
				content,
				__("{0} tasks that you may not read go where the first list says, if they are unfinished.", [
					board.hidden_tasks,
				])
			);
		}
	}

	function render_destinations(content, tasks, targets) {
		const options = [
			...targets.map((target) => [target.name, __("Next sprint: {0}", [target.title])]),
			[sprints.BACKLOG, __("Backlog")],
			[STAYS, __("Stay in this sprint")],
		];
		const head = $(`<div class="sb-closing-all"><label for="sb-closing-default"></label></div>`).appendTo(content);
		head.find("label").text(__("Unfinished tasks go to"));
		const all = sprints.render_select(options).appendTo(head).find("select").attr("id", "sb-closing-default");
		const list = $(`<ul class="sb-closing-tasks"></ul>`).appendTo(content);
		tasks.forEach((task) => list.append(render_task(task, options)));
		all.on("change", () => list.find("select").val(all.val()));
	}

	function render_task(task, options) {
		const line = $(`<li><div><a target="_blank"></a><div class="text-muted small"></div></div></li>`);
		line.attr({ "data-doctype": task.doctype, "data-name": task.name });
		line.find("a").attr("href", frappe.utils.get_form_link(task.doctype, task.name)).text(task.title || task.name);
		const about = [task.column, sprints.format_hours(task.remaining_hours), task.assigned_to_name || __("Unassigned")];
		line.find(".small").text(about.join(" · "));
		const select = sprints.render_select(options).appendTo(line);
		select.find("select").attr("aria-label", __("{0} goes to", [task.title]));
		return line;
	}

	async function close_sprint(dialog, sprint, on_done) {
		const content = dialog.$wrapper.find(".sb-closing");
		const first = content.find("#sb-closing-default").val() || sprints.BACKLOG;
		const lines = content.find(".sb-closing-tasks li").toArray().map((line) => $(line));
		const destinations = lines
			.map((line) => ({
				doctype: line.attr("data-doctype"),
				task: line.attr("data-name"),
				moved_to: line.find("select").val(),
			}))
			.filter((entry) => entry.moved_to !== first);
		const closed = await sprints.write(
			"close_sprint",
			{ sprint: sprint.name, next_sprint: first, destinations: JSON.stringify(destinations) },
			{ freeze: true, btn: dialog.get_primary_btn() }
		);
		dialog.hide();
		frappe.show_alert({
			message: __("Sprint closed: {0} completed, {1} unfinished tasks.", [
				sprints.format_hours(closed.completed_hours),
				closed.unfinished.length + closed.hidden_tasks,
			]),
			indicator: "green",
		});
		on_done();
	}

	sprints.show_text = (area, text) => $("<p></p>").text(text).appendTo(area);
	Object.assign(orchestrator.sprints, { confirm_start, open_closing_dialog });
})();
