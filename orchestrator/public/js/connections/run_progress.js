// The progress and the result of a sync run: live updates where there are any, polling in any case.
{
	const { connections } = orchestrator;
	const EVENT = "orchestrator_sync_progress";
	const POLL_MILLISECONDS = 2000;
	const MAX_POLL_MILLISECONDS = 15000;
	const LIVE = ["Queued", "Running"];
	const MAX_LISTED = 5;

	connections.is_live = (run) => LIVE.includes(run.status);

	connections.RunProgress = class RunProgress {
		// `expected`: the number of records that the run will probably read. `on_end` is called with a run that has ended.
		constructor(parent, { expected = 0, on_end = () => {} } = {}) {
			this.expected = expected;
			this.on_end = on_end;
			this.body = $(`<div class="connection-run"></div>`).appendTo(parent);
			this.listener = (message) => message.run === this.name && this.poll();
		}

		show(run) {
			this.name = run.run;
			this.render(run);
			if (connections.is_live(run)) this.watch();
		}

		watch() {
			this.stop();
			this.wait = POLL_MILLISECONDS;
			frappe.realtime.doc_subscribe("Sync Run", this.name);
			frappe.realtime.on(EVENT, this.listener);
			this.plan();
		}

		plan() {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.poll(), this.wait);
		}

		stop() {
			clearTimeout(this.timer);
			this.timer = null;
			frappe.realtime.off(EVENT, this.listener);
		}

		async poll() {
			if (!this.timer || this.polling) return;
			this.polling = true;
			try {
				const run = await connections.fetch("get_sync_run", { run: this.name });
				this.wait = POLL_MILLISECONDS;
				if (!this.timer) return;
				this.render(run);
				if (!connections.is_live(run)) {
					this.stop();
					this.on_end(run);
				}
			} catch (error) {
				// The run goes on without its watcher, who tries again.
				this.wait = Math.min(2 * this.wait, MAX_POLL_MILLISECONDS);
				connections.show_message(this.body, error.message, "warning");
			} finally {
				this.polling = false;
			}
			if (this.timer) this.plan();
		}

		render(run) {
			this.body.empty().attr("data-status", run.status);
			const head = $(`<div class="connection-run-head"></div>`).appendTo(this.body);
			head.append(connections.make_pill(__(run.status), connections.STATUS_COLOURS[run.status] || "gray"));
			$(`<span role="status"></span>`).text(this.describe(run)).appendTo(head);
			const link = $(`<a class="connection-run-link"></a>`).attr("href", connections.build_url(["sync-run", run.run])).text(run.run);
			if (connections.is_live(run)) this.add_cancel(head);
			head.append(link);
			if (connections.is_live(run)) this.add_bar(run);
			this.add_counts(run);
			this.add_reasons(run);
		}

		describe(run) {
			if (run.status === "Queued") {
				return run.jobs_ahead
					? __("Waiting for a worker: {0} jobs are ahead.", [run.jobs_ahead])
					: __("Waiting for a worker.");
			}
			if (run.status === "Running") return connections.PHASES[run.phase] || __("Starting");
			return __("{0}, {1} pages", [connections.format_duration(run.sync_duration_seconds), run.pages]);
		}

		add_bar(run) {
			const bar = $(`<div class="progress"><div class="progress-bar"></div></div>`).appendTo(this.body);
			bar.attr({ role: "progressbar", "aria-label": __("Progress"), "aria-valuemin": 0, "aria-valuemax": 100 });
			if (!this.expected || run.status === "Queued") {
				bar.find(".progress-bar").addClass("progress-bar-striped progress-bar-animated").css("width", "100%");
				return;
			}
			const percent = Math.min(99, Math.floor((100 * run.records_read) / this.expected));
			bar.attr("aria-valuenow", percent).find(".progress-bar").css("width", `${percent}%`);
		}

		add_counts(run) {
			const would = run.dry_run;
			const counts = [
				["imported", would ? __("Would be created") : __("Created"), run.imported],
				["updated", would ? __("Would change") : __("Changed"), run.updated],
				["skipped", __("Unchanged or skipped"), run.skipped],
				["failed", __("Failed"), run.failed],
			];
			const list = $(`<dl class="connection-counts"></dl>`).appendTo(this.body);
			for (const [name, label, count] of counts) {
				const item = $(`<div><dt></dt><dd></dd></div>`).attr({ "data-count": name, "data-some": count > 0 });
				item.find("dt").text(label);
				item.find("dd").text(connections.format_count(count));
				list.append(item);
			}
		}

		add_reasons(run) {
			const texts = [run.held_reason, run.error && (run.error.text || run.error.class), ...run.notes];
			for (const text of texts.filter(Boolean)) $(`<p class="connection-note"></p>`).text(text).appendTo(this.body);
			if (run.status === "Held" && !run.dry_run) {
				$(`<p class="connection-note"></p>`).text(__("Open the run to approve or cancel it.")).appendTo(this.body);
			}
			if (!run.errors.length) return;
			const list = $(`<ul class="connection-errors"></ul>`).appendTo(this.body);
			for (const { casefile_id, code, field } of run.errors.slice(0, MAX_LISTED)) {
				$(`<li></li>`).text([casefile_id, field, code].filter(Boolean).join(" · ")).appendTo(list);
			}
			if (run.failed > MAX_LISTED) $(`<li></li>`).text(__("and {0} more", [run.failed - MAX_LISTED])).appendTo(list);
		}

		add_cancel(head) {
			const button = connections.make_button(__("Cancel Run")).addClass("connection-cancel").appendTo(head);
			button.on("click", () =>
				frappe.confirm(__("Cancel this run? What it has saved stays, and the next run continues from there."), () =>
					connections.run_action(button, this.body, async () => {
						await connections.send("cancel_sync", { run: this.name });
						await this.poll();
					})
				)
			);
		}
	};
}
