// The step that shows a record of Kipu beside what a run would make of it.
{
	const { connections } = orchestrator;
	const QUIET = ["same", "not sent"];

	connections.views.preview = class PreviewStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			this.body = body;
			if (wizard.state.can_preview) this.ask();
			else this.explain();
			this.footer = connections.add_footer(body);
			const button = connections.make_button(__("Continue"), "btn-primary").appendTo(this.footer);
			button.on("click", () => wizard.go_to("dry_run"));
		}

		// Who may run syncs sees no clients by that.
		explain() {
			$(`<p class="connection-hidden"></p>`)
				.text(
					__(
						"The preview shows a client, and you do not have access to clients. A Clinical Manager who is also a Kipu Sync Manager can look at it. The dry run shows counts only."
					)
				)
				.appendTo(this.body);
		}

		ask() {
			$(`<p class="text-muted"></p>`)
				.text(__("Choose a record, or enter its casefile ID. It is fetched from Kipu, shown here, and not saved."))
				.appendTo(this.body);
			const line = $(`<div class="connection-casefile"></div>`).appendTo(this.body);
			this.control = connections.make_control(line, {
				fieldtype: "Autocomplete",
				fieldname: "casefile_id",
				label: __("Casefile ID"),
				options: [],
			});
			const button = connections.make_button(__("Show")).appendTo(line);
			this.result = $(`<div class="connection-preview" aria-live="polite"></div>`).appendTo(this.body);
			button.on("click", () => connections.run_action(button, this.result, () => this.show()));
			this.list_samples();
		}

		async list_samples() {
			connections.show_message(this.result, __("Looking for records in Kipu…"), "info");
			try {
				const args = { connection: this.wizard.name };
				const samples = await connections.send("connection_wizard.list_sample_records", args, { seconds: 60 });
				const options = samples.map(({ casefile_id, facility, status }) => ({
					value: casefile_id,
					label: casefile_id,
					description: [__(status), facility].filter(Boolean).join(", "),
				}));
				this.control.set_data(options);
				connections.show_message(this.result, samples.length ? "" : __("Kipu lists no current client whom you may see."), "info");
				if (samples.length && !this.control.get_value()) await this.control.set_value(samples[0].casefile_id);
			} catch (error) {
				connections.show_message(this.result, error.message);
			}
		}

		async show() {
			const casefile_id = (this.control.get_value() || "").trim();
			if (!casefile_id) throw new Error(__("Enter a casefile ID."));
			const args = { connection: this.wizard.name, casefile_id };
			this.render(await connections.send("preview_mapping", args, { seconds: 60 }));
		}

		render(preview) {
			this.result.empty();
			if (!preview.fields.length) return this.render_unusable(preview);
			const facts = [__(preview.status), preview.facility, preview.client ? preview.client : __("new client")];
			$(`<p></p>`).text(facts.filter(Boolean).join(" · ")).appendTo(this.result);
			if (preview.error) {
				const text = __("{0} cannot be read and would be left out.", [preview.error.field]);
				$(`<p class="connection-note"></p>`).text(text).appendTo(this.result);
			}
			this.add_filter(preview);
			for (const doctype of ["Client", "Client Stay"]) this.add_table(doctype, preview.fields);
		}

		render_unusable({ error, left_out }) {
			const text = left_out
				? __("This connection skips the record.")
				: __("A sync could not import this record: {0} in {1}.", [error.code, error.field]);
			connections.show_message(this.result, text, "warning");
		}

		add_filter({ fields }) {
			const quiet = fields.filter((row) => QUIET.includes(row.effect)).length;
			if (!quiet) return;
			const label = $(`<label><input type="checkbox"> <span></span></label>`).appendTo(this.result);
			label.find("span").text(__("Also show {0} fields without a change", [quiet]));
			label.find("input").on("change", ({ target }) => this.result.toggleClass("connection-show-all", target.checked));
		}

		add_table(doctype, fields) {
			const rows = fields.filter((row) => row.doctype === doctype);
			if (!rows.length) return;
			$(`<h4></h4>`).text(__(doctype)).appendTo(this.result);
			const heads = [__("Field"), __("Value in Kipu"), __("Effect"), __("Current Value")];
			const table = $(`<table class="connection-table"><thead><tr></tr></thead><tbody></tbody></table>`).appendTo(this.result);
			for (const head of heads) $(`<th scope="col"></th>`).text(head).appendTo(table.find("tr"));
			for (const row of rows) table.find("tbody").append(this.build_row(row, heads));
		}

		build_row(row, heads) {
			const [colour, text] = connections.EFFECTS[row.effect];
			const line = $(`<tr></tr>`).attr({ "data-source": row.source, "data-quiet": QUIET.includes(row.effect) });
			const name = $(`<th scope="row"></th>`).text(row.label);
			if (row.source !== row.target) $(`<small></small>`).text(row.source).appendTo(name);
			const show = (value) => (row.hidden ? "•••" : value ?? "–");
			const cells = [$(`<td></td>`).text(show(row.kipu)), $(`<td></td>`), $(`<td></td>`).text(show(row.here))];
			cells[1].append(connections.make_pill(text, colour));
			cells.forEach((cell, index) => cell.attr("data-label", heads[index + 1]));
			return line.append(name, ...cells);
		}
	};
}
