// The page Metrics: chooses a dashboard, requests its values, and shows them.
frappe.provide("orchestrator.metrics");

(() => {
	const DOCTYPE = "Orchestrator Dashboard";
	const EVENT = "orchestrator_metrics";
	// Many pages hear of a refresh at once: each reloads after a random part of this time in milliseconds, once for all events.
	const MAX_RELOAD_DELAY = 700;

	orchestrator.metrics.MetricsPage = class MetricsPage {
		constructor(page) {
			this.page = page;
			this.view = $(`<div class="metrics-view"></div>`).appendTo(page.main);
			this.full_screen = new orchestrator.metrics.FullScreen(this.view);
			this.filter_bar = new orchestrator.metrics.FilterBar(this.view, () => this.load());
			this.body = $(`<div class="metrics-board"></div>`).appendTo(this.view);
			this.requested = this.rendered = 0;
			this.make_actions();
			this.listen_for_news();
		}

		make_actions() {
			this.page.set_primary_action(__("Refresh"), () => this.refresh(), "refresh");
			this.page.add_action_icon("expand", () => this.open_full_screen(), "", __("Full Screen"));
			this.page.add_menu_item(__("Full Screen"), () => this.open_full_screen());
			this.page.add_menu_item(__("Receive by Email"), () => this.open_subscriptions());
			if (frappe.model.can_write(DOCTYPE)) {
				this.page.add_menu_item(__("Edit Dashboard"), () => frappe.set_route("Form", DOCTYPE, this.name));
			}
		}

		open_subscriptions() {
			if (this.board) orchestrator.metrics.open_subscriptions(this.board, this.filter_bar.filters);
		}

		open_full_screen() {
			this.full_screen.enter(this.board?.title || __("Metrics"));
		}

		listen_for_news() {
			frappe.realtime.on(EVENT, (news) => news.dashboard === this.name && this.load_soon());
			// A new connection after a lost one has no subscriptions yet and has missed events.
			frappe.realtime.on("disconnect", () => (this.was_lost = true));
			frappe.realtime.on("connect", () => {
				if (!this.was_lost || !this.name) return;
				this.was_lost = false;
				frappe.realtime.emit("doc_subscribe", DOCTYPE, this.name);
				this.load_soon();
			});
		}

		async show() {
			const filters = this.filter_bar.read_address();
			this.choices ||= await this.load_choices();
			const name = frappe.get_route()[1] || this.name || this.choices[0]?.dashboard;
			if (!name) return this.show_message(__("You do not have access to any dashboard."));
			const is_other = this.name !== name;
			this.name = name;
			this.listen();
			const shown = this.requested;
			if (filters) await this.filter_bar.set(filters);
			else this.filter_bar.write_address();
			if (is_other || shown === this.requested) this.load();
		}

		listen() {
			// Frappe accepts one subscription a second and drops the others.
			if (frappe.flags.doc_subscribe) return setTimeout(() => this.listen(), 1100);
			frappe.realtime.doc_subscribe(DOCTYPE, this.name);
		}

		open(name) {
			if (name && name !== this.name) frappe.set_route("metrics", name);
		}

		// The dashboards for the roles of the reader, as a menu.
		async load_choices() {
			const { data } = await frappe.call({ method: "orchestrator.insights.list_dashboards", type: "GET" });
			const choices = data?.dashboards || [];
			choices.forEach(({ dashboard, title }) =>
				this.page.add_inner_button(title, () => this.open(dashboard), __("Dashboards"))
			);
			return choices;
		}

		load_soon() {
			if (this.is_waiting) return;
			this.is_waiting = true;
			setTimeout(() => {
				this.is_waiting = false;
				if (frappe.get_route()[0] === "metrics") this.load();
			}, MAX_RELOAD_DELAY * (0.3 + 0.7 * Math.random()));
		}

		load() {
			return this.name && this.request("get_dashboard", "GET");
		}

		refresh() {
			return this.name && this.request("refresh_metrics", "POST");
		}

		async request(method, type) {
			const name = this.name;
			const number = ++this.requested;
			const args = { dashboard: name, ...this.filter_bar.filters };
			let reply;
			try {
				reply = await frappe.call({ method: `orchestrator.insights.${method}`, type, args });
			} catch (refused) {
				// Frappe has shown the error. Values that the user may no longer see must not stay on the page.
				if (name !== this.name || ![403, 404].includes(refused.status)) return;
				orchestrator.set_page_title(this.page, __("Metrics"));
				return this.show_message(__("This dashboard cannot be shown."));
			}
			// A reply that arrives after that to a later request is outdated.
			if (name !== this.name || number < this.rendered || !reply.data) return;
			this.rendered = number;
			this.render(reply.data);
			// the link of a mail
			if (this.filter_bar.take_subscription()) this.open_subscriptions();
		}

		render(board) {
			this.board = board;
			orchestrator.set_page_title(this.page, board.title);
			const at = board.refreshed_at ? frappe.datetime.comment_when(board.refreshed_at.replace("T", " ")) : "";
			if (at) this.page.set_indicator(at, board.items.some((item) => item.stale) ? "orange" : "green");
			else this.page.clear_indicator();
			this.filter_bar.show_available(board.available_filters);
			const layout = JSON.stringify([board.dashboard, board.items.map((item) => [item.name, item.width])]);
			if (layout !== this.layout) this.clear();
			this.layout = layout;
			if (board.items.length && board.items.every((item) => item.error?.type === "PermissionError")) {
				return this.show_message(__("You don't have access to the records that this dashboard counts."));
			}
			board.items.forEach((item, index) => {
				if (this.widgets[index]) this.widgets[index].update(item);
				else this.widgets.push(new orchestrator.metrics.Widget(this.body, item));
			});
			if (!board.items.length) this.show_message(__("There are no metrics on this dashboard yet."));
		}

		clear() {
			this.layout = null;
			this.widgets = [];
			this.body.empty();
		}

		show_message(text) {
			this.clear();
			this.page.clear_indicator();
			this.body.append($(`<p class="metrics-none text-muted"></p>`).text(text));
		}
	};
})();
