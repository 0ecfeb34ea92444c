// Calls and texts that the sprint board and the Sprint form share.
frappe.provide("orchestrator.sprints");

(() => {
	const METHOD = "orchestrator.gameplan.";
	const PHASES = ["to_do", "in_progress", "in_review", "done", "cancelled"];
	const COLORS = { Planned: "blue", Active: "orange", Closed: "green" };
	const BACKLOG = "backlog";

	async function read(method, args) {
		const reply = await frappe.call({ method: METHOD + method, type: "GET", args });
		return reply.data;
	}

	async function write(method, args, options = {}) {
		const reply = await frappe.call({ method: METHOD + method, args, ...options });
		return reply.data;
	}

	function format_hours(value) {
		return __("{0} h", [format_number(value || 0, null, Number.isInteger(value) ? 0 : 1)]);
	}

	function format_days(value) {
		if (value === null || value === undefined) return "–";
		const text = format_number(value, null, Number.isInteger(value) ? 0 : 1);
		return value === 1 ? __("1 day") : __("{0} days", [text]);
	}

	function get_column_titles() {
		return {
			to_do: __("To Do"),
			in_progress: __("In Progress"),
			in_review: __("In Review"),
			done: __("Done"),
			cancelled: __("Cancelled"),
		};
	}

	// The sprints to which unfinished tasks of a sprint may move, next first.
	function list_open_sprints(sprint) {
		return frappe.db.get_list("Sprint", {
			fields: ["name", "title", "state", "start_date"],
			filters: [
				["name", "!=", sprint.name],
				["state", "!=", "Closed"],
				["project", ...(sprint.project ? ["=", sprint.project] : ["is", "not set"])],
				["team", ...(sprint.team ? ["=", sprint.team] : ["is", "not set"])],
			],
			order_by: "start_date asc",
			limit: 20,
		});
	}

	// A select with the icon of Desk's own, which does not come with the style.
	function render_select(options = []) {
		const box = $(`<span class="sb-select"><select class="form-control input-sm"></select></span>`);
		set_options(box.find("select"), options);
		return box.append(frappe.utils.icon("select", "sm"));
	}

	function set_options(select, options) {
		select.empty();
		for (const [value, label] of options) $("<option></option>").val(value).text(label).appendTo(select);
	}

	function render_figures(figures) {
		const box = $(`<dl class="sb-figures"></dl>`);
		for (const [label, value] of figures) {
			const figure = $(`<div><dt></dt><dd></dd></div>`).appendTo(box);
			figure.find("dt").text(label);
			figure.find("dd").text(value);
		}
		return box;
	}

	// A table that scrolls within itself on a phone. The first column is text, the others are numbers.
	function render_table(titles, rows) {
		const heading = (title, at) => $(`<th scope="col"></th>`).toggleClass("text-right", at > 0).text(title);
		const head = titles.map(heading);
		const table = $(`<div class="table-responsive sb-table"><table class="table table-sm">
			<thead><tr></tr></thead><tbody></tbody></table></div>`);
		table.find("thead tr").append(head);
		for (const cells of rows) {
			const line = $("<tr></tr>").appendTo(table.find("tbody"));
			cells.forEach((cell, at) => {
				const box = $("<td></td>").toggleClass("text-right", at > 0).appendTo(line);
				if (cell instanceof $) box.append(cell);
				else box.text(cell);
			});
		}
		return table;
	}

	function render_load(members) {
		const rows = members.map((member) => {
			// Without hours available, the difference to them says nothing.
			const has_capacity = member.capacity_hours > 0;
			const free = $("<span></span>")
				.toggleClass("text-danger", has_capacity && member.is_overloaded)
				.text(has_capacity ? format_hours(member.free_hours) : "–");
			return [
				member.user ? member.user_name : __("Unassigned"),
				has_capacity ? format_hours(member.capacity_hours) : "–",
				format_hours(member.remaining_hours),
				free,
				member.open_tasks,
			];
		});
		return render_table([__("Member"), __("Capacity"), __("Remaining"), __("Free"), __("Open Tasks")], rows);
	}

	function list_burndown_figures(burndown) {
		const figures = [
			[__("Committed"), format_hours(burndown.committed_hours)],
			[__("Completed"), format_hours(burndown.burned_hours)],
			[__("Scope Added"), format_hours(burndown.scope_added_hours)],
			[__("Scope Removed"), format_hours(burndown.scope_removed_hours)],
			[__("Remaining"), format_hours(burndown.remaining_hours)],
		];
		const forecast = burndown.forecast;
		// With nothing left there is no finish to project.
		if (forecast && burndown.remaining_hours > 0) {
			const finish = forecast.finish_date;
			figures.push([__("Projected Finish"), finish ? frappe.datetime.str_to_user(finish) : __("Not foreseeable")]);
		}
		if (burndown.unestimated_tasks) figures.push([__("Tasks without Estimate"), burndown.unestimated_tasks]);
		return figures;
	}

	Object.assign(orchestrator.sprints, {
		BACKLOG,
		COLORS,
		PHASES,
		format_days,
		format_hours,
		get_column_titles,
		list_burndown_figures,
		list_open_sprints,
		read,
		render_figures,
		render_load,
		render_select,
		render_table,
		set_options,
		write,
	});
})();
