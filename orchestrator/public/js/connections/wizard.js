// The wizard that sets up a Kipu connection step by step. What was saved decides where it continues.
{
	const { connections } = orchestrator;
	const ROUTE = "connection-wizard";
	// The steps that are open while the named one is the first that is not done.
	const LAST_OPEN = { keys: "keys", test: "test", locations: "locations", preview: "dry_run", import: "import", done: "finish" };

	connections.STEPS = [
		{ name: "address", title: __("Address") },
		{ name: "keys", title: __("Credentials") },
		{ name: "test", title: __("Test") },
		{ name: "locations", title: __("Locations") },
		{ name: "preview", title: __("Mapping Preview") },
		{ name: "dry_run", title: __("Dry Run") },
		{ name: "import", title: __("First Import") },
		{ name: "finish", title: __("Schedule") },
	];
	const ORDER = connections.STEPS.map((step) => step.name);

	connections.Wizard = class Wizard {
		constructor(wrapper) {
			this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Connection Wizard"), single_column: true });
			this.body = $(`<div class="connection-wizard"></div>`).appendTo(this.page.main);
			this.page.add_menu_item(__("All Connections"), () => frappe.set_route(ROUTE));
			this.page.add_menu_item(__("Connection Health"), () => frappe.set_route("connection-health"));
			$(wrapper).on("hide", () => this.leave_step());
		}

		async show() {
			frappe.breadcrumbs.add({ type: "Custom", label: __("Kipu Connection"), route: connections.build_url(["kipu-connection"]) });
			const name = frappe.get_route()[1] || "";
			this.name = name;
			this.leave_step();
			this.body.empty();
			try {
				if (name === "new") return this.start();
				if (!name) return await this.choose();
				await this.load();
				if (this.name === name) this.go_to(this.find_step());
			} catch (error) {
				connections.show_message(this.body, error.message);
			}
		}

		async choose() {
			const found = await connections.fetch("list_connections");
			if (this.name) return;
			if (!found.length && frappe.model.can_create("Kipu Connection")) return this.start();
			orchestrator.set_page_title(this.page, __("Connection Wizard"));
			connections.render_choice(this.body, found);
		}

		start() {
			this.state = null;
			orchestrator.set_page_title(this.page, __("New Connection"));
			this.go_to("address");
		}

		async load() {
			const name = this.name;
			const state = await connections.fetch("connection_wizard.get_setup", { connection: name });
			if (name === this.name) this.state = state;
			orchestrator.set_page_title(this.page, name);
		}

		// Where to continue: at a run that is active, otherwise at the first step that is not done.
		find_step() {
			const { step, live_run, dry_run, first_import } = this.state;
			if (live_run && dry_run && dry_run.run === live_run) return "dry_run";
			if (live_run && first_import && first_import.run === live_run) return "import";
			return step === "done" ? "finish" : step;
		}

		is_open(step) {
			if (!this.state) return step === "address";
			return ORDER.indexOf(step) <= ORDER.indexOf(LAST_OPEN[this.state.step]);
		}

		go_to(step) {
			this.leave_step();
			this.current = step;
			this.body.empty();
			this.update_steps();
			const { title } = connections.STEPS.find(({ name }) => name === step);
			const card = $(`<section class="connection-step" aria-labelledby="connection-step-title"></section>`);
			card.attr("data-step", step).append(`<h3 id="connection-step-title" tabindex="-1"></h3>`);
			card.find("h3").text(title);
			this.body.append(card);
			this.view = new connections.views[step](this, $(`<div class="connection-step-body"></div>`).appendTo(card));
		}

		// The next step, with the state as it is now.
		async advance() {
			const next = ORDER[ORDER.indexOf(this.current) + 1];
			await this.load();
			this.go_to(this.is_open(next) ? next : this.find_step());
			this.body.find("#connection-step-title").trigger("focus");
		}

		// The first step that is not done, after a change of an earlier one.
		async resume() {
			await this.load();
			this.go_to(this.find_step());
			this.body.find("#connection-step-title").trigger("focus");
		}

		leave_step() {
			this.view?.leave?.();
			this.view = null;
		}

		update_steps() {
			const { current } = this;
			this.body.find(".connection-steps").remove();
			const nav = $(`<nav class="connection-steps"><ol></ol></nav>`).attr("aria-label", __("Steps")).prependTo(this.body);
			const place = ORDER.indexOf(current) + 1;
			const short = __("Step {0} of {1}", [place, ORDER.length]);
			$(`<p class="connection-steps-short"></p>`).text(short).prependTo(nav);
			connections.STEPS.forEach(({ name, title }, index) => {
				const button = $(`<button type="button"><span></span></button>`);
				button.find("span").text(index + 1);
				button.append(document.createTextNode(title));
				button.prop("disabled", !this.is_open(name)).on("click", () => this.go_to(name));
				if (name === current) button.attr("aria-current", "step");
				$(`<li></li>`).attr("data-done", this.is_done(name)).append(button).appendTo(nav.find("ol"));
			});
		}

		is_done(step) {
			if (!this.state) return false;
			const first = { done: "finish" }[this.state.step] || this.state.step;
			return ORDER.indexOf(step) < ORDER.indexOf(first);
		}
	};

	connections.views = {};

	// The row of buttons at the end of a step.
	connections.add_footer = (body) => $(`<div class="connection-footer"></div>`).appendTo(body);

	connections.render_choice = (body, found) => {
		const card = $(`<section class="connection-step"></section>`).appendTo(body);
		$(`<h3></h3>`).text(__("Connections")).appendTo(card);
		const list = $(`<ul class="connection-choice"></ul>`).appendTo(card);
		for (const { connection, is_set_up, status } of found) {
			const link = $(`<a></a>`).attr("href", connections.build_url([ROUTE, connection])).text(connection);
			const pill = is_set_up
				? connections.make_pill(__(status), connections.STATUS_COLOURS[status])
				: connections.make_pill(__("Not set up"), "orange");
			$(`<li></li>`).append(link, pill).appendTo(list);
		}
		if (!found.length) $(`<p class="text-muted"></p>`).text(__("There is no connection yet.")).appendTo(card);
		if (!frappe.model.can_create("Kipu Connection")) {
			$(`<p class="text-muted"></p>`)
				.text(__("Only a System Manager can create a connection. Ask one; after that you can set it up here."))
				.appendTo(card);
			return;
		}
		const button = connections.make_button(__("New Connection"), "btn-primary");
		connections.add_footer(card).append(button.on("click", () => frappe.set_route(ROUTE, "new")));
	};
}
