// The page Connection Health: all connections, and the runs, lag, issues and schedule of one.
{
	const { connections } = orchestrator;
	const ROUTE = "connection-health";
	const REFRESH_MILLISECONDS = 15000;

	connections.Health = class Health {
		constructor(wrapper) {
			this.wrapper = wrapper;
			this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Connection Health"), single_column: true });
			this.body = $(`<div class="connection-health-page"></div>`).appendTo(this.page.main);
			this.message = $(`<div></div>`).appendTo(this.body);
			this.list = $(`<nav class="connection-list"></nav>`).attr("aria-label", __("Connections")).appendTo(this.body);
			this.detail = $(`<div class="connection-detail"></div>`).appendTo(this.body);
			this.page.add_menu_item(__("Reload"), () => this.load());
			this.page.add_menu_item(__("Open Connection"), () => this.name && frappe.set_route("Form", "Kipu Connection", this.name));
			this.page.add_menu_item(__("Connection Wizard"), () => frappe.set_route("connection-wizard", this.name || ""));
			$(wrapper).on("hide", () => this.stop());
		}

		show() {
			frappe.breadcrumbs.add({ type: "Custom", label: __("Kipu Connection"), route: connections.build_url(["kipu-connection"]) });
			this.stop();
			this.requested = frappe.get_route()[1] || "";
			return this.load();
		}

		stop() {
			clearTimeout(this.timer);
			this.progress?.stop();
			this.progress = null;
		}

		plan() {
			clearTimeout(this.timer);
			this.timer = setTimeout(() => (document.hidden ? this.plan() : this.load()), REFRESH_MILLISECONDS);
		}

		async load() {
			const requested = this.requested;
			try {
				const found = await connections.fetch("list_connections");
				const summary = found.find(({ connection }) => connection === requested) || (requested ? null : found[0]);
				const health =
					summary && (await connections.fetch("get_connection_health", { connection: summary.connection }));
				// Another connection was chosen in the meantime.
				if (requested !== this.requested || !this.is_shown()) return;
				connections.show_message(this.message, "");
				this.render(found, summary, health);
			} catch (error) {
				connections.show_message(this.message, error.message);
			}
			if (this.is_shown()) this.plan();
		}

		is_shown() {
			return frappe.get_route()[0] === ROUTE;
		}

		render(found, summary, health) {
			this.name = summary?.connection;
			connections.render_connections(this.list, found, this.name);
			if (!found.length) return this.render_empty();
			if (!summary) {
				this.detail.empty();
				return connections.show_message(this.message, __("There is no such connection, or you do not have access to it."), "warning");
			}
			this.set_actions(summary);
			connections.render_facts(this.detail, summary, health);
			this.show_live_run(summary, health);
		}

		render_empty() {
			this.detail.empty();
			this.page.clear_primary_action();
			$(`<p class="text-muted"></p>`).text(__("There is no connection yet.")).appendTo(this.detail);
			const button = connections.make_button(__("Set Up a Connection"), "btn-primary").appendTo(this.detail);
			button.on("click", () => frappe.set_route("connection-wizard"));
		}

		set_actions(summary) {
			this.page.clear_primary_action();
			this.page.clear_secondary_action();
			if (!summary.is_set_up) {
				const open = () => frappe.set_route("connection-wizard", summary.connection);
				this.page.set_primary_action(__("Continue Setup"), open);
				return;
			}
			if (!summary.live_run && summary.enabled) this.page.set_primary_action(__("Run Now"), () => this.run_now());
			if (summary.status === "Paused") this.page.set_secondary_action(__("Resume"), () => this.change("resume_connection"));
			else if (summary.schedule_enabled) this.page.set_secondary_action(__("Pause"), () => this.confirm_pause());
		}

		confirm_pause() {
			const text = __("Pause the schedule of {0}? Its clients are not updated until somebody resumes it.", [this.name]);
			frappe.confirm(frappe.utils.escape_html(text), () => this.change("pause_connection"));
		}

		run_now() {
			return this.change("sync_kipu_clients", { sync_type: "incremental", background: true });
		}

		async change(method, args = {}) {
			try {
				await connections.send(method, { connection: this.name, ...args });
				await this.load();
			} catch (error) {
				connections.show_message(this.message, error.message);
			}
		}

		show_live_run(summary, health) {
			const run = health.runs.find((each) => each.run === summary.live_run);
			if (!run) return this.progress?.stop();
			const section = this.detail.find('[data-part="live"]').empty();
			$(`<h3></h3>`).text(__("Active Run")).appendTo(section);
			this.progress?.stop();
			this.progress = new connections.RunProgress(section, { on_end: () => this.load() });
			this.progress.show(run);
		}
	};

	// A card for each connection, with what needs attention first.
	connections.render_connections = (parent, found, current) => {
		const place = parent.attr("data-current") === current ? parent.scrollLeft() : null;
		parent.empty().attr("data-current", current).toggle(found.length > 1 || !current);
		for (const summary of found) {
			const card = $(`<a class="connection-card"><strong></strong><span></span></a>`).appendTo(parent);
			card.attr("href", connections.build_url([ROUTE, summary.connection]));
			if (summary.connection === current) card.attr("aria-current", "page");
			card.find("strong").text(summary.connection);
			card.find("span").text(connections.format_lag(summary.minutes_since_success));
			const [text, colour] = connections.describe_state(summary);
			card.append(connections.make_pill(text, colour));
		}
		const chosen = parent.find("[aria-current]").get(0);
		parent.scrollLeft(place ?? (chosen ? chosen.offsetLeft - parent.get(0).offsetLeft : 0));
	};

	connections.describe_state = (summary) => {
		if (!summary.is_set_up) return [__("Not set up"), "orange"];
		if (!summary.enabled) return [__("Switched off"), "gray"];
		if (summary.status === "Paused") return [__("Paused"), "red"];
		if (summary.is_stale) return [__("Late"), "red"];
		if (summary.live_run) return [__("Running"), "blue"];
		return summary.schedule_enabled ? [__("On schedule"), "green"] : [__("Not scheduled"), "gray"];
	};
}
