// The step that tests a connection: each check appears as it is done.
{
	const { connections } = orchestrator;
	const EVENT = "orchestrator_connection_test";
	const POLL_MILLISECONDS = 1000;
	const MAX_SECONDS = 200;
	const PATIENCE_SECONDS = 20;
	const COLOURS = { ok: "green", warn: "orange", fail: "red" };
	const LEVELS = { ok: __("Passed"), warn: __("Warning"), fail: __("Failed") };
	const STEP_OF_PART = {
		base_url: "address",
		network: "address",
		api_version: "address",
		access_id: "keys",
		secret_key: "keys",
		app_id: "keys",
	};
	const is_active = (test) => ["Queued", "Running"].includes(test.status);

	connections.views.test = class TestStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			this.body = body;
			this.listener = (message) => message.connection === wizard.name && this.poll();
			$(`<p class="text-muted"></p>`)
				.text(__("About ten requests are sent to Kipu. Nothing is imported."))
				.appendTo(body);
			this.list = $(`<ul class="connection-checks" aria-live="polite"></ul>`).attr("aria-label", __("Checks")).appendTo(body);
			this.result = $(`<div class="connection-result"></div>`).appendTo(body);
			this.footer = connections.add_footer(body);
			const { test } = wizard.state;
			if (test) this.show(test);
			else this.offer(__("Start Test"));
		}

		leave() {
			clearTimeout(this.timer);
			this.timer = null;
			frappe.realtime.off(EVENT, this.listener);
		}

		async start() {
			const test = await connections.send("connection_wizard.start_test", { connection: this.wizard.name });
			this.show(test);
		}

		show(test) {
			this.render(test);
			if (!is_active(test)) return;
			this.leave();
			this.began = Date.now();
			frappe.realtime.doc_subscribe("Kipu Connection", this.wizard.name);
			frappe.realtime.on(EVENT, this.listener);
			this.plan();
		}

		plan() {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => this.poll(), POLL_MILLISECONDS);
		}

		async poll() {
			if (!this.timer || this.polling) return;
			this.polling = true;
			let test = null;
			try {
				test = await connections.fetch("connection_wizard.get_test", { connection: this.wizard.name });
			} catch (error) {
				connections.show_message(this.result, error.message, "warning");
			}
			this.polling = false;
			if (!this.timer) return;
			if (test && !is_active(test)) return this.finish(test);
			if (Date.now() - this.began > 1000 * MAX_SECONDS) return this.give_up();
			if (test) this.render(test);
			this.plan();
		}

		async finish(test) {
			this.leave();
			await this.wizard.load();
			if (this.wizard.view !== this) return;
			this.wizard.update_steps();
			this.render(test);
		}

		give_up() {
			this.leave();
			connections.show_message(this.result, __("The test has not ended in time. Test again."));
			this.offer(__("Test Again"));
		}

		render(test) {
			this.list.empty();
			for (const check of test.checks) this.add_check(check);
			if (is_active(test)) return this.render_active(test);
			this.result.empty();
			if (test.status === "Failed") {
				connections.show_message(this.result, test.error);
				return this.offer(__("Test Again"));
			}
			return test.ok ? this.render_success() : this.render_failure(test);
		}

		add_check({ title, level, found, remedy, part }) {
			const item = $(`<li><div></div></li>`).attr({ "data-part": part, "data-level": level }).appendTo(this.list);
			item.prepend(connections.make_pill(LEVELS[level], COLOURS[level]));
			$(`<strong></strong>`).text(title).appendTo(item.find("div"));
			$(`<span></span>`).text(found).appendTo(item.find("div"));
			if (remedy) $(`<p></p>`).text(remedy).appendTo(item.find("div"));
		}

		render_active(test) {
			this.footer.empty();
			const text = test.status === "Queued" ? __("Waiting for a worker…") : __("Contacting Kipu…");
			$(`<li class="connection-waiting"></li>`)
				.append(`<span class="spinner-border spinner-border-sm" aria-hidden="true"></span>`)
				.append(document.createTextNode(text))
				.appendTo(this.list);
			const waited = (Date.now() - (this.began || Date.now())) / 1000;
			if (test.status === "Queued" && waited > PATIENCE_SECONDS) this.offer_direct();
		}

		// Without background workers, the test runs in a request, which shows its checks at the end.
		offer_direct() {
			connections.show_message(this.result, __("No background worker has begun the test yet."), "warning");
			const button = connections.make_button(__("Test without a Worker")).appendTo(this.footer);
			button.on("click", () => connections.run_action(button, this.result, () => this.test_directly()));
		}

		async test_directly() {
			this.leave();
			const args = { connection: this.wizard.name };
			const result = await connections.send("test_connection", args, { seconds: MAX_SECONDS });
			await this.finish({ ...result, status: "Finished" });
		}

		render_success() {
			if (!this.wizard.state.tested_at) {
				connections.show_message(this.result, __("The settings have changed since this test. Test again."), "warning");
				return this.offer(__("Test Again"));
			}
			connections.show_message(this.result, __("The connection works."), "success");
			this.offer(__("Test Again"), "btn-default");
			const button = connections.make_button(__("Continue"), "btn-primary").appendTo(this.footer);
			button.on("click", () => connections.run_action(button, this.result, () => this.wizard.advance()));
		}

		render_failure(test) {
			const titles = [...new Set(test.checks.filter((check) => check.level === "fail").map((check) => check.title))];
			connections.show_message(this.result, __("The connection does not work: {0}.", [titles.join(", ")]));
			this.offer(__("Test Again"), "btn-default");
			const steps = new Set(test.wrong.map((part) => STEP_OF_PART[part]).filter(Boolean));
			const texts = { address: __("Correct the Address"), keys: __("Correct the Credentials") };
			for (const step of steps) {
				const button = connections.make_button(texts[step], "btn-primary").appendTo(this.footer);
				button.on("click", () => this.wizard.go_to(step));
			}
		}

		offer(text, kind = "btn-primary") {
			const button = connections.make_button(text, kind).appendTo(this.footer.empty());
			button.on("click", () => connections.run_action(button, this.result, () => this.start()));
		}
	};
}
