// Charts of a sprint: burndown, burn-up, cumulative flow, cycle times, velocity.
(() => {
	const sprints = orchestrator.sprints;
	const { escape_tooltip, hide_overlapping_labels } = orchestrator.charts;
	const HEIGHT = 280;
	const PHASE_COLORS = { done: "#48bb74", in_review: "#7c5cc4", in_progress: "#f8a54f", to_do: "#a6b1b9" };

	function draw(area, title, options) {
		$(`<h3 class="sb-chart-title"></h3>`).text(title).appendTo(area);
		const box = $(`<div class="sb-chart" role="img"></div>`).attr("aria-label", title).appendTo(area);
		const chart = new frappe.Chart(box[0], {
			height: HEIGHT,
			animate: 0,
			truncateLegends: 1,
			axisOptions: { xIsSeries: 1, shortenYAxisNumbers: 1 },
			barOptions: { spaceRatio: 0.4 },
			lineOptions: { hideDots: 1 },
			...options,
		});
		escape_tooltip(chart);
		watch_labels(box[0]);
		return chart;
	}

	// The chart draws itself in several steps, and again when its width changes.
	function watch_labels(box) {
		const hide = frappe.utils.debounce(() => hide_overlapping_labels(box), 200);
		new MutationObserver(hide).observe(box, { childList: true, subtree: true });
		new ResizeObserver(() => setTimeout(hide, 600)).observe(box);
		hide();
	}

	const format_day = (date) => moment(date).format("D MMM");
	const in_hours = { formatTooltipY: (value) => sprints.format_hours(value) };

	function draw_burndown(area, burndown) {
		area.append(sprints.render_figures(sprints.list_burndown_figures(burndown)));
		// Days to come are null, which the chart draws as 0: invisible as a bar, but not as a line.
		draw(area, __("Burndown"), {
			type: "axis-mixed",
			colors: ["#7c9ff5", "#e24c4c"],
			data: {
				labels: burndown.dates.map(format_day),
				datasets: [
					{ name: __("Remaining"), chartType: "bar", values: burndown.actual_hours.map((hours) => hours ?? 0) },
					{ name: __("Ideal"), chartType: "line", values: burndown.ideal_hours },
				],
			},
			tooltipOptions: in_hours,
		});
	}

	function draw_burnup(area, burnup) {
		const begun = burnup.scope_hours.filter((hours) => hours !== null).length;
		if (!begun) return;
		draw(area, __("Burn-up"), {
			type: begun > 1 ? "line" : "bar", // a line of one point is an error in the chart
			colors: ["#a6b1b9", "#48bb74"],
			data: {
				labels: burnup.dates.slice(0, begun).map(format_day),
				datasets: [
					{ name: __("Scope"), values: burnup.scope_hours.slice(0, begun) },
					{ name: __("Done"), values: burnup.done_hours.slice(0, begun) },
				],
			},
			lineOptions: { hideDots: 1, regionFill: 1 },
			tooltipOptions: in_hours,
		});
	}

	function draw_flow(area, flow) {
		const titles = sprints.get_column_titles();
		const phases = Object.keys(PHASE_COLORS);
		draw(area, __("Cumulative Flow"), {
			type: "bar",
			colors: Object.values(PHASE_COLORS),
			data: {
				labels: flow.dates.map(format_day),
				datasets: phases.map((phase) => ({
					name: titles[phase],
					values: flow.tasks_by_phase[phase].map((count) => count ?? 0),
				})),
			},
			barOptions: { stacked: 1, spaceRatio: 0.1 },
		});
		area.append(render_flow_table(flow, titles));
	}

	function render_flow_table(flow, titles) {
		const counts = flow.tasks_by_phase;
		const begun = flow.dates.filter((_date, at) => counts.to_do[at] !== null);
		const phases = sprints.PHASES.filter((phase) => phase !== "cancelled" || counts.cancelled.some(Boolean));
		const rows = begun.map((date, at) => [format_day(date), ...phases.map((phase) => counts[phase][at])]);
		return sprints.render_table([__("Day"), ...phases.map((phase) => titles[phase])], rows);
	}

	function draw_cycle_times(area, flow) {
		const cycle = flow.cycle_times;
		const figures = [
			[__("Completed Tasks"), cycle.tasks + cycle.tasks_without_start],
			[__("50 % within"), sprints.format_days(cycle.p50_days)],
			[__("85 % within"), sprints.format_days(cycle.p85_days)],
			[__("95 % within"), sprints.format_days(cycle.p95_days)],
		];
		if (cycle.tasks_without_start) figures.push([__("Without Start"), cycle.tasks_without_start]);
		area.append(sprints.render_figures(figures));
		const timed = flow.completed.filter((task) => task.cycle_days !== null);
		if (timed.length) draw_cycle_chart(area, timed, cycle);
		else show_note(area, __("No task has gone from In Progress to Done in this sprint yet."));
		if (flow.completed.length) area.append(render_completed(flow.completed));
	}

	function draw_cycle_chart(area, tasks, cycle) {
		draw(area, __("Cycle Time by Completion"), {
			type: "bar",
			colors: ["#7c9ff5"],
			data: {
				labels: tasks.map((task) => task.name),
				datasets: [{ name: __("Days"), values: tasks.map((task) => task.cycle_days) }],
				yMarkers: [
					{ label: __("50 %"), value: cycle.p50_days, options: { labelPos: "left" } },
					{ label: __("85 %"), value: cycle.p85_days, options: { labelPos: "left" } },
				],
			},
			tooltipOptions: { formatTooltipY: (value) => sprints.format_days(value) },
		});
	}

	function render_completed(tasks) {
		const rows = [...tasks].reverse().map((task) => [
			$("<a></a>").attr("href", frappe.utils.get_form_link(task.doctype, task.name)).text(task.title || task.name),
			frappe.datetime.str_to_user(task.completed_at.replace("T", " ")),
			sprints.format_days(task.cycle_days),
		]);
		return sprints.render_table([__("Task"), __("Completed"), __("Cycle Time")], rows);
	}

	const format_count = (value) => format_number(value, null, Number.isInteger(value) ? 0 : 1);

	function draw_velocity(area, velocity) {
		if (!velocity.sprints.length) {
			return show_note(area, __("The velocity is computed from closed sprints, and there is none yet."));
		}
		area.append(
			sprints.render_figures([
				[__("Average Hours"), sprints.format_hours(velocity.average_completed_hours)],
				[__("Average Tasks"), format_count(velocity.average_completed_tasks)],
			])
		);
		draw(area, __("Velocity"), {
			type: "bar",
			colors: ["#a6b1b9", "#48bb74"],
			data: {
				labels: velocity.sprints.map((sprint) => sprint.title),
				datasets: [
					{ name: __("Committed"), values: velocity.sprints.map((sprint) => sprint.committed_hours) },
					{ name: __("Completed"), values: velocity.sprints.map((sprint) => sprint.completed_hours) },
				],
				yMarkers: [{ label: __("Average"), value: velocity.average_completed_hours, options: { labelPos: "left" } }],
			},
			axisOptions: { xIsSeries: 0, shortenYAxisNumbers: 1 },
			tooltipOptions: in_hours,
		});
		const rows = velocity.sprints.map((sprint) => [
			$("<a></a>").attr("href", frappe.utils.get_form_link("Sprint", sprint.sprint)).text(sprint.title),
			frappe.datetime.str_to_user(sprint.end_date),
			sprints.format_hours(sprint.committed_hours),
			sprints.format_hours(sprint.completed_hours),
			sprint.completed_tasks,
			sprint.unfinished_tasks,
		]);
		const titles = [__("Sprint"), __("End"), __("Committed"), __("Completed"), __("Tasks Done"), __("Unfinished")];
		area.append(sprints.render_table(titles, rows));
	}

	function show_note(area, text) {
		$(`<p class="sb-note text-muted"></p>`).text(text).appendTo(area);
	}

	Object.assign(orchestrator.sprints, {
		draw_burndown,
		draw_burnup,
		draw_cycle_times,
		draw_flow,
		draw_velocity,
		show_note,
	});
})();
