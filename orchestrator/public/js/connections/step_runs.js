// The last steps: the dry run, the first import, and the schedule.
{
	const { connections } = orchestrator;
	const MAX_FIELDS = 12;

	// A step with a run: started here or elsewhere, followed until it ends.
	class RunStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			this.body = body;
			$(`<p class="text-muted"></p>`).text(this.get_text()).appendTo(body);
			if (!wizard.state.enabled) {
				$(`<p class="text-muted connection-off"></p>`).text(__("This switches the connection on.")).appendTo(body);
			}
			this.result = $(`<div></div>`).appendTo(body);
			this.footer = connections.add_footer(body);
			const run = this.get_run(wizard.state);
			if (run) this.show(run);
			else this.offer(this.get_label());
		}

		leave() {
			this.progress?.stop();
		}

		show(run) {
			this.leave();
			this.result.empty();
			this.body.find(".connection-off").remove();
			this.progress = new connections.RunProgress(this.result, {
				expected: this.wizard.state.dry_run?.records_read || 0,
				on_end: (ended) => this.finish(ended),
			});
			this.progress.show(run);
			this.footer.empty();
			if (!connections.is_live(run)) this.render_end(run);
		}

		async finish(run) {
			await this.wizard.load().catch(() => {});
			if (this.wizard.view !== this) return;
			this.wizard.update_steps();
			this.render_end(run);
		}

		render_end(run) {
			const done = run.status === "Completed";
			this.offer(this.get_label(run), done ? "btn-default" : "btn-primary");
			if (!done) return;
			this.add_details(run);
			const button = connections.make_button(__("Continue"), "btn-primary").appendTo(this.footer);
			button.on("click", () => connections.run_action(button, this.result, () => this.wizard.advance()));
		}

		add_details() {}

		offer(label, kind = "btn-primary") {
			const button = connections.make_button(label, kind).addClass("connection-start").appendTo(this.footer.empty());
			button.on("click", () => connections.run_action(button, this.result, () => this.start()));
		}

		async start() {
			const { state, name } = this.wizard;
			if (!state.enabled) await connections.save_values(name, { enabled: 1 });
			const args = { connection: name, sync_type: "full", dry_run: this.is_dry(), background: true };
			try {
				const { runs } = await connections.send("sync_kipu_clients", args);
				await this.wizard.load();
				this.show(runs[0]);
			} catch (error) {
				await this.wizard.load();
				// Somebody has started one in the meantime.
				const { live_run } = this.wizard.state;
				if (!live_run) throw error;
				this.show(await connections.fetch("get_sync_run", { run: live_run }));
			}
		}
	}

	connections.views.dry_run = class DryRunStep extends RunStep {
		is_dry() {
			return true;
		}

		get_run(state) {
			return state.dry_run;
		}

		get_label(run) {
			return run ? __("Repeat Dry Run") : __("Start Dry Run");
		}

		get_text() {
			return __("A dry run reads everything from Kipu and counts what an import would change. It saves nothing.");
		}

		// Fields of existing records that an import would change.
		add_details({ changed_fields }) {
			const rows = Object.entries(changed_fields);
			if (!rows.length || this.result.find(".connection-changes").length) return;
			const list = $(`<ul class="connection-changes"></ul>`).attr("aria-label", __("Changed Fields")).appendTo(this.result);
			for (const [field, count] of rows.slice(0, MAX_FIELDS)) {
				$(`<li></li>`).text(`${field}: ${connections.format_count(count)}`).appendTo(list);
			}
		}
	};

	connections.views.import = class ImportStep extends RunStep {
		is_dry() {
			return false;
		}

		get_run(state) {
			return state.first_import;
		}

		get_label(run) {
			if (!run) return __("Start Import");
			return run.status === "Completed" ? __("Import Again") : __("Continue Import");
		}

		get_text() {
			return __("The import runs in the background. You can leave this page and come back, or cancel it and continue later.");
		}
	};

	connections.views.finish = class FinishStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			const { state } = wizard;
			$(`<p class="text-muted"></p>`)
				.text(__("Clients are imported. Turn on the schedule to keep them up to date."))
				.appendTo(body);
			this.enabled = connections.make_control(body, {
				fieldtype: "Check",
				fieldname: "schedule_enabled",
				label: __("Sync Automatically"),
			});
			this.interval = connections.make_control(body, {
				fieldtype: "Int",
				fieldname: "interval_minutes",
				label: __("Sync Every (Minutes)"),
				description: __("Between 5 minutes and a day."),
			});
			this.enabled.set_value(state.schedule_enabled ? 1 : 0);
			this.interval.set_value(state.interval_minutes);
			const footer = connections.add_footer(body);
			const health = connections.make_button(__("Connection Health")).appendTo(footer);
			health.on("click", () => frappe.set_route("connection-health", wizard.name));
			const button = connections.make_button(__("Save"), "btn-primary").appendTo(footer);
			button.on("click", () => connections.run_action(button, footer, () => this.save()));
		}

		async save() {
			const values = { schedule_enabled: this.enabled.get_value() ? 1 : 0, interval_minutes: this.interval.get_value() };
			await connections.save_values(this.wizard.name, values);
			frappe.show_alert({ message: __("Saved"), indicator: "green" });
			frappe.set_route("connection-health", this.wizard.name);
		}
	};
}
