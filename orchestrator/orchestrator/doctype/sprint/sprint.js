// Frappe runs this in the page's own scope, and again whenever the DocType is loaded anew.
(() => {
	const API = "orchestrator.gameplan.";
	const escape = frappe.utils.escape_html;

	frappe.ui.form.on("Sprint", {
		refresh(frm) {
			if (frm.is_new()) return;
			add_buttons(frm);
			show_indicator(frm);
			show_burndown(frm);
			show_load(frm);
		},
	});

	function add_buttons(frm) {
		if (frm.doc.state === "Planned" && frm.perm[0].write) {
			frm.add_custom_button(__("Start Sprint"), () => start(frm)).addClass("btn-primary");
		}
		if (frm.doc.state === "Active" && frm.perm[0].write) {
			frm.add_custom_button(__("Close Sprint"), () => close(frm));
		}
		frm.add_custom_button(__("Tasks"), () =>
			frappe.set_route("List", "Task", { sprint: frm.doc.name }),
		);
	}

	function show_indicator(frm) {
		const colors = { Planned: "blue", Active: "orange", Closed: "green" };
		frm.page.set_indicator(__(frm.doc.state), colors[frm.doc.state]);
	}

	function start(frm) {
		frappe.confirm(
			__("Start {0}? The hours of work that remain now become its commitment.", [
				escape(frm.doc.title),
			]),
			() =>
				frappe.call({
					method: API + "start_sprint",
					args: { sprint: frm.doc.name },
					freeze: true,
					callback: () => frm.reload_doc(),
				}),
		);
	}

	function close(frm) {
		frappe.prompt(
			{
				fieldname: "next_sprint",
				fieldtype: "Link",
				options: "Sprint",
				label: __("Next Sprint"),
				description: __("Unfinished tasks move to this sprint. If empty, they move to the backlog."),
				get_query: () => ({
					filters: {
						name: ["!=", frm.doc.name],
						state: ["!=", "Closed"],
						project: frm.doc.project || ["is", "not set"],
						team: frm.doc.team || ["is", "not set"],
					},
				}),
			},
			(values) =>
				frappe.call({
					method: API + "close_sprint",
					args: { sprint: frm.doc.name, next_sprint: values.next_sprint },
					freeze: true,
					callback: ({ data }) => {
						show_moved_tasks(data.unfinished);
						frm.reload_doc();
					},
				}),
			__("Close {0}", [escape(frm.doc.title)]),
			__("Close Sprint"),
		);
	}

	function show_moved_tasks(tasks) {
		const lines = tasks.map((task) => {
			const where = task.moved_to === "backlog" ? __("backlog") : task.moved_to;
			return `<li>${escape(task.title)} (${escape(task.task)}) → ${where}</li>`;
		});
		frappe.msgprint({
			title: __("Sprint closed"),
			message: lines.length ? `<ul>${lines.join("")}</ul>` : __("All tasks are finished."),
		});
	}

	function show_burndown(frm) {
		frappe.call({
			method: API + "get_sprint_burndown",
			type: "GET",
			args: { sprint: frm.doc.name },
			callback: ({ data }) => draw(frm, data),
		});
	}

	function draw(frm, burndown) {
		const area = frm.get_field("burndown").$wrapper;
		frm.burndown_chart?.destroy();
		area.empty().append("<div class='sprint-chart'></div>").append(render_figures(burndown));
		// Days to come are null, which the chart draws as 0: invisible as a bar, but not as a line.
		frm.burndown_chart = new frappe.Chart(area.find(".sprint-chart")[0], {
			type: "axis-mixed",
			height: 260,
			animate: 0,
			colors: ["#7c9ff5", "#e24c4c"],
			data: {
				labels: burndown.dates.map((date) => moment(date).format("D MMM")),
				datasets: [
					{ name: __("Remaining"), chartType: "bar", values: burndown.actual_hours.map((h) => h ?? 0) },
					{ name: __("Ideal"), chartType: "line", values: burndown.ideal_hours },
				],
			},
			axisOptions: { xIsSeries: true, shortenYAxisNumbers: 1 },
			barOptions: { spaceRatio: 0.5 },
			lineOptions: { hideDots: 1 },
			tooltipOptions: { formatTooltipY: (value) => `${value} h` },
		});
	}

	function render_figures(burndown) {
		const figures = [
			[__("Committed"), format_hours(burndown.committed_hours)],
			[__("Completed"), format_hours(burndown.burned_hours)],
			[__("Scope Added"), format_hours(burndown.scope_added_hours)],
			[__("Scope Removed"), format_hours(burndown.scope_removed_hours)],
			[__("Remaining"), format_hours(burndown.remaining_hours)],
		];
		if (burndown.forecast) {
			const finish = burndown.forecast.finish_date;
			figures.push([
				__("Projected finish"),
				finish ? frappe.datetime.str_to_user(finish) : __("not foreseeable"),
			]);
		}
		if (burndown.unestimated_tasks) {
			figures.push([__("Tasks without an estimate"), burndown.unestimated_tasks]);
		}
		const cells = figures.map(
			([label, value]) =>
				`<div class="text-center"><div class="text-muted small">${label}</div><b>${value}</b></div>`,
		);
		return `<div class="d-flex justify-content-around mt-2 mb-3">${cells.join("")}</div>`;
	}

	function show_load(frm) {
		frappe.call({
			method: API + "get_sprint_capacity",
			type: "GET",
			args: { sprint: frm.doc.name },
			callback: ({ data }) => frm.get_field("load").$wrapper.html(render_load_table(data.members)),
		});
	}

	function render_load_table(members) {
		const titles = [__("Member"), __("Capacity"), __("Remaining"), __("Free"), __("Open Tasks")];
		const rows = members.map((member) => {
			const name = member.user ? escape(frappe.user.full_name(member.user)) : __("Unassigned");
			const free = `<span class="${member.is_overloaded ? "text-danger" : ""}">${format_hours(
				member.free_hours,
			)}</span>`;
			const cells = [format_hours(member.capacity_hours), format_hours(member.remaining_hours), free];
			return `<tr><td>${name}</td>${[...cells, member.open_tasks]
				.map((cell) => `<td class="text-right">${cell}</td>`)
				.join("")}</tr>`;
		});
		const head = titles.map(
			(title, column) => `<th class="${column ? "text-right" : ""}">${title}</th>`,
		);
		return `<table class="table table-sm"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join(
			"",
		)}</tbody></table>`;
	}

	function format_hours(value) {
		return `${format_number(value, null, 1)} h`;
	}
})();
