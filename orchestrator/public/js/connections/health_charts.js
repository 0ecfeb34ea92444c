// The facts, charts, issues and runs of one connection.
{
	const { connections } = orchestrator;
	const COLOURS = ["#48bb74", "#318ad8", "#f56b6b"];
	const MAX_ROWS = 10;
	const KINDS = {
		Record: __("Records that could not be imported"),
		Conflict: __("Changed on both sides"),
		Identity: __("Charts of two people"),
		Drift: __("Changed fields in Kipu"),
		Route: __("Routes that Kipu refuses"),
	};

	const add_section = (parent, part, title) => {
		const section = $(`<section class="connection-section"></section>`).attr("data-part", part).appendTo(parent);
		if (title) $(`<h3></h3>`).text(title).appendTo(section);
		return section;
	};

	connections.render_facts = (parent, summary, health) => {
		parent.empty();
		add_facts(parent, summary);
		if (summary.paused_reason) {
			connections.show_message(add_section(parent, "reason"), summary.paused_reason, "warning");
		}
		add_section(parent, "live");
		add_issues(parent, summary.connection, health.open_issues);
		const finished = health.runs.filter((run) => !run.dry_run && !connections.is_live(run));
		add_chart(parent, "records", __("Records per Run"), finished, {
			type: "bar",
			colors: COLOURS,
			barOptions: { stacked: 1, spaceRatio: 0.4 },
			datasets: [
				{ name: __("Imported"), values: finished.map((run) => run.imported) },
				{ name: __("Updated"), values: finished.map((run) => run.updated) },
				{ name: __("Failed"), values: finished.map((run) => run.failed) },
			],
		});
		add_chart(parent, "duration", __("Duration (Seconds)"), finished, {
			type: "bar",
			colors: ["#7c7bff"],
			barOptions: { spaceRatio: 0.4 },
			datasets: [{ name: __("Seconds"), values: finished.map((run) => Math.round(10 * run.sync_duration_seconds) / 10) }],
		});
		add_runs(parent, summary.connection, [...health.runs].reverse());
	};

	const add_facts = (parent, summary) => {
		const [state, colour] = connections.describe_state(summary);
		const list = $(`<dl class="connection-facts"></dl>`).appendTo(parent);
		const facts = [
			["lag", __("Time since Last Success"), connections.format_lag(summary.minutes_since_success)],
			["next", __("Next Run"), summary.next_run_at ? connections.format_time(summary.next_run_at) : __("Not scheduled")],
			["synced", __("Synced Up To"), summary.synced_up_to ? frappe.datetime.str_to_user(summary.synced_up_to) : "–"],
			["issues", __("Open Issues"), connections.format_count(summary.open_issues)],
		];
		const head = $(`<div><dt></dt><dd></dd></div>`).attr("data-fact", "state").appendTo(list);
		head.find("dt").text(summary.connection);
		head.find("dd").append(connections.make_pill(state, colour));
		for (const [name, label, value] of facts) {
			const fact = $(`<div><dt></dt><dd></dd></div>`).attr("data-fact", name).appendTo(list);
			fact.find("dt").text(label);
			fact.find("dd").text(value);
		}
		if (summary.is_stale) list.find('[data-fact="lag"] dd').addClass("connection-late");
	};

	const add_issues = (parent, connection, open_issues) => {
		const section = add_section(parent, "issues", __("Open Issues by Kind"));
		const kinds = Object.entries(open_issues);
		if (!kinds.length) return $(`<p class="text-muted"></p>`).text(__("There are no open issues.")).appendTo(section);
		const list = $(`<ul class="connection-issues"></ul>`).appendTo(section);
		for (const [kind, count] of kinds) {
			const url = connections.build_url(["sync-issue"], { connection, kind, status: "Open" });
			const link = $(`<a></a>`).attr("href", url).text(KINDS[kind] || __(kind));
			const item = $(`<li></li>`).attr("data-kind", kind).append(link).appendTo(list);
			$(`<strong></strong>`).text(connections.format_count(count)).appendTo(item);
		}
	};

	const add_chart = (parent, part, title, runs, { datasets, ...options }) => {
		const section = add_section(parent, part, title);
		if (!runs.length) return $(`<p class="text-muted"></p>`).text(__("No run has finished yet.")).appendTo(section);
		const container = $(`<div class="connection-chart" role="img"></div>`).attr("aria-label", title).appendTo(section);
		const labels = runs.map((run) => moment(run.requested_at).format("D MMM HH:mm"));
		return new frappe.Chart(container.get(0), {
			height: 200,
			animate: 0,
			axisOptions: { xAxisMode: "tick", xIsSeries: 1, shortenYAxisNumbers: 1 },
			data: { labels, datasets },
			...options,
		});
	};

	const add_runs = (parent, connection, runs) => {
		const section = add_section(parent, "runs", __("Latest Runs"));
		if (!runs.length) return;
		const heads = [__("Requested"), __("Type"), __("Status"), __("Created"), __("Changed"), __("Failed"), __("Duration")];
		const table = $(`<table class="connection-table"><thead><tr></tr></thead><tbody></tbody></table>`).appendTo(section);
		for (const head of heads) $(`<th scope="col"></th>`).text(head).appendTo(table.find("tr"));
		for (const run of runs.slice(0, MAX_ROWS)) table.find("tbody").append(build_row(run, heads));
		const url = connections.build_url(["sync-run"], { connection });
		$(`<a class="connection-all"></a>`).attr("href", url).text(__("All runs")).appendTo(section);
	};

	const build_row = (run, heads) => {
		const type = __(run.sync_type.charAt(0).toUpperCase() + run.sync_type.slice(1));
		const link = $(`<a></a>`).attr("href", connections.build_url(["sync-run", run.run])).text(connections.format_time(run.requested_at));
		const cells = [
			$(`<td></td>`).text(run.dry_run ? __("{0}, dry run", [type]) : type),
			$(`<td></td>`).append(connections.make_pill(__(run.status), connections.STATUS_COLOURS[run.status] || "gray")),
			...[run.imported, run.updated, run.failed].map((count) => $(`<td></td>`).text(connections.format_count(count))),
			$(`<td></td>`).text(connections.format_duration(run.sync_duration_seconds)),
		];
		cells.forEach((cell, index) => cell.attr("data-label", heads[index + 1]));
		return $(`<tr></tr>`).append($(`<th scope="row"></th>`).append(link), ...cells);
	};
}
