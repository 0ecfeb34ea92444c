// The board of a sprint with its charts, at sprint-board/<sprint>/<view>.
// Scripts of pages share one scope: the names of this one are its own.
(() => {
	const SCRIPTS = ["common", "charts", "closing", "cards", "backlog", "board", "new_task"];
	const FILES = [
		"/assets/orchestrator/js/charts.js",
		...SCRIPTS.map((name) => `/assets/orchestrator/js/sprint_board/${name}.js`),
		"/assets/orchestrator/css/sprint_board.css",
	];
	const SPRINT_FIELDS = ["name", "title", "state", "start_date", "end_date"];
	const MAX_SPRINTS = 60;
	const VELOCITY_SPRINTS = 8;
	// Many pages hear of a change at once: each reloads after a random part of this time in milliseconds.
	const MAX_RELOAD_DELAY = 1200;

	class SprintBoardPage {
		constructor(wrapper) {
			this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Sprint Board"), single_column: true });
			this.ready = orchestrator.load_in_order(FILES).then(() => this.build());
			this.on_change = ({ doctype }) => ["Task", "GP Task"].includes(doctype) && this.load_soon();
		}

		build() {
			this.body = $(`<div class="sb-page"></div>`).appendTo(this.page.main);
			this.bar = $(`<div class="sb-bar"></div>`).appendTo(this.body);
			this.status = $(`<div class="sr-only" role="status" aria-live="polite"></div>`).appendTo(this.body);
			this.summary = $(`<p class="sb-summary text-muted"></p>`);
			this.build_picker();
			this.build_tabs();
			this.summary.appendTo(this.body);
			this.panel = $(`<div class="sb-panel" role="tabpanel"></div>`).appendTo(this.body);
			this.board_area = $("<div></div>").appendTo(this.panel);
			this.chart_area = $(`<div class="sb-charts"></div>`).appendTo(this.panel);
			this.build_filters();
			this.board = new orchestrator.sprints.Board(this, this.board_area);
			this.page.add_menu_item(__("Open Sprint"), () => frappe.set_route("Form", "Sprint", this.name));
			this.page.add_menu_item(__("List of Tasks"), () => frappe.set_route("List", "Task", { sprint: this.name }));
			this.page.add_menu_item(__("Reload"), () => this.load());
		}

		build_picker() {
			const box = orchestrator.sprints.render_select().addClass("sb-picker").appendTo(this.bar);
			this.picker = box.find("select").attr("aria-label", __("Sprint"));
			this.picker.on("change", () => frappe.set_route("sprint-board", this.picker.val()));
		}

		build_tabs() {
			this.views = {
				board: __("Board"),
				burndown: __("Burndown"),
				flow: __("Flow"),
				cycle: __("Cycle Time"),
				velocity: __("Velocity"),
			};
			const list = $(`<div class="sb-tabs" role="tablist"></div>`).attr("aria-label", __("Views")).appendTo(this.bar);
			for (const [view, title] of Object.entries(this.views)) {
				$(`<button type="button" class="btn btn-sm" role="tab"></button>`)
					.attr("data-view", view)
					.text(title)
					.on("click", () => frappe.set_route("sprint-board", this.name, view))
					.appendTo(list);
			}
			list.on("keydown", (event) => {
				const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
				if (step) list.children().eq(($(event.target).index() + step) % list.children().length).trigger("focus");
			});
		}

		build_filters() {
			const bar = $(`<div class="sb-filters"></div>`).prependTo(this.board_area);
			const find = __("Find tasks");
			$(`<input type="search" class="form-control input-sm">`)
				.attr({ placeholder: find, "aria-label": find })
				.on("input", (event) => this.board.set_filter({ text: event.target.value }))
				.appendTo(bar);
			const box = orchestrator.sprints.render_select().addClass("sb-assignees").appendTo(bar);
			this.assignees = box.find("select").attr("aria-label", __("Assignee"));
			this.assignees.on("change", () => this.board.set_filter({ assignee: this.assignees.val() }));
			this.backlog_button = $(`<button type="button" class="btn btn-default btn-sm" aria-controls="sb-backlog"></button>`)
				.text(__("Backlog"))
				.on("click", () => this.toggle_backlog(!this.board.backlog.is_open))
				.appendTo(bar);
			$(`<span class="sb-hint text-muted small"></span>`)
				.text(__("Drag cards, or press M on one. Shift and an arrow key move it, arrow keys alone go to the next card."))
				.appendTo(bar);
		}

		toggle_backlog(is_open) {
			this.backlog_button.attr("aria-expanded", String(is_open)).toggleClass("active", is_open);
			return this.board.backlog.toggle(is_open);
		}

		async show() {
			await this.ready;
			const [, sprint, view] = frappe.get_route();
			this.listen();
			const sprints = await this.list_sprints();
			const name = sprint || this.name || sprints[0]?.name;
			if (!name) return this.show_message(__("There is no sprint yet. Create one in the list of sprints."));
			if (name !== this.name) this.forget();
			this.name = name;
			this.view = this.views[view] ? view : "board";
			this.fill_picker(sprints);
			await this.load();
		}

		forget() {
			this.data = null;
			this.page.clear_indicator();
			this.summary.text("");
			this.board.area.children(".sb-column").remove();
			this.board.backlog.search.val("");
		}

		listen() {
			// A list view removes the listeners of all others.
			frappe.realtime.off("list_update", this.on_change);
			frappe.realtime.on("list_update", this.on_change);
			["Task", "GP Task"].filter((doctype) => frappe.model.can_read(doctype)).forEach((doctype) => {
				frappe.realtime.doctype_subscribe(doctype);
			});
		}

		load_soon() {
			if (this.is_waiting) return;
			this.is_waiting = true;
			setTimeout(() => {
				this.is_waiting = false;
				const is_edited = this.body.find(".sb-estimate-input, .is-dragged, .is-saving").length;
				if (frappe.get_route()[0] === "sprint-board" && !is_edited) this.load();
			}, MAX_RELOAD_DELAY * (0.3 + 0.7 * Math.random()));
		}

		// Active sprints first, then planned and closed ones, latest first.
		async list_sprints() {
			const rows = await frappe.db.get_list("Sprint", {
				fields: SPRINT_FIELDS,
				order_by: "start_date desc",
				limit: MAX_SPRINTS,
			});
			const order = ["Active", "Planned", "Closed"];
			return rows.sort((one, other) => order.indexOf(one.state) - order.indexOf(other.state));
		}

		// The sprints that the list has by state, and the open one if the list does not reach it.
		fill_picker(sprints) {
			this.picker.empty();
			for (const state of ["Active", "Planned", "Closed"]) {
				const members = sprints.filter((sprint) => sprint.state === state);
				const group = $("<optgroup></optgroup>").attr("label", __(state));
				members.forEach((sprint) => $("<option></option>").val(sprint.name).text(sprint.title).appendTo(group));
				if (members.length) this.picker.append(group);
			}
			if (!sprints.some((sprint) => sprint.name === this.name)) {
				$(`<option class="is-current"></option>`).val(this.name).text(this.name).prependTo(this.picker);
			}
			this.picker.val(this.name);
		}

		async load() {
			const name = this.name;
			let data;
			try {
				data = await orchestrator.sprints.read("get_sprint_board", { sprint: name });
			} catch (refused) {
				// Frappe has shown the error. What the user may no longer see must not stay on the page.
				if (name === this.name) this.show_message(__("This sprint cannot be shown."));
				return;
			}
			if (name !== this.name) return;
			const is_first = !this.data;
			this.data = data;
			this.render();
			if (is_first) this.toggle_backlog(data.state !== "Closed" && window.innerWidth >= 1200);
			if (this.view !== "board") await this.draw_charts();
		}

		render() {
			const { data, view } = this;
			this.bar.show();
			orchestrator.set_page_title(this.page, data.title);
			this.picker.find(".is-current").text(data.title);
			this.page.set_indicator(__(data.state), orchestrator.sprints.COLORS[data.state]);
			this.render_summary();
			this.render_actions();
			this.bar.find("[role=tab]").each((_at, tab) => {
				const is_current = tab.dataset.view === view;
				$(tab).toggleClass("active", is_current).attr({ "aria-selected": String(is_current), tabindex: is_current ? 0 : -1 });
			});
			this.panel.attr("aria-label", this.views[view]);
			this.board_area.toggle(view === "board");
			this.chart_area.toggle(view !== "board");
			this.backlog_button.toggle(data.state !== "Closed");
			this.board.render(data);
			this.fill_assignees();
		}

		render_summary() {
			const { data } = this;
			const days = frappe.datetime.get_day_diff(data.end_date, frappe.datetime.get_today());
			const parts = [
				`${frappe.datetime.str_to_user(data.start_date)} – ${frappe.datetime.str_to_user(data.end_date)}`,
				data.state === "Active" && (days < 0 ? __("{0} days over", [-days]) : __("{0} days left", [days])),
				[data.project, data.team].filter(Boolean).join(" · "),
				data.hidden_tasks && __("{0} tasks that you may not read", [data.hidden_tasks]),
			];
			this.summary.text(parts.filter(Boolean).join(" · "));
		}

		render_actions() {
			const { data, page } = this;
			const sprint = { ...data, name: data.sprint };
			page.clear_inner_toolbar();
			page.clear_primary_action();
			if (orchestrator.sprints.can_create(data)) {
				const open = () => orchestrator.sprints.open_new_task_dialog(data, () => this.load());
				page.set_primary_action(__("New Task"), open, "add");
			}
			if (data.can_write && data.state === "Planned") {
				page.add_inner_button(__("Start Sprint"), () => orchestrator.sprints.confirm_start(sprint, () => this.load()));
			}
			if (data.can_write && data.state === "Active") {
				page.add_inner_button(__("Close Sprint"), () => orchestrator.sprints.open_closing_dialog(sprint, () => this.load()));
			}
		}

		fill_assignees() {
			const chosen = this.board.filter.assignee;
			const options = [["", __("All Assignees")], ...this.board.list_assignees(), ["-", __("Unassigned")]];
			orchestrator.sprints.set_options(this.assignees, options);
			this.assignees.val(options.some(([value]) => value === chosen) ? chosen : "");
			this.board.set_filter({ assignee: this.assignees.val() });
		}

		async draw_charts() {
			const { name, view } = this;
			const sprints = orchestrator.sprints;
			const requests = {
				burndown: () => Promise.all([sprints.read("get_sprint_burndown", { sprint: name }), sprints.read("get_sprint_burnup", { sprint: name })]),
				flow: () => sprints.read("get_sprint_flow", { sprint: name }),
				cycle: () => sprints.read("get_sprint_flow", { sprint: name }),
				velocity: () => this.read_velocity(),
			};
			const found = await requests[view]();
			if (name !== this.name || view !== this.view) return;
			const area = this.chart_area.empty();
			if (view === "burndown") {
				sprints.draw_burndown(area, found[0]);
				sprints.draw_burnup(area, found[1]);
			} else if (view === "flow") sprints.draw_flow(area, found);
			else if (view === "cycle") sprints.draw_cycle_times(area, found);
			else sprints.draw_velocity(area, found);
		}

		read_velocity() {
			const { project, team } = this.data;
			const owner = Object.fromEntries(Object.entries({ project, team }).filter(([, value]) => value));
			return orchestrator.sprints.read("get_velocity", { ...owner, sprints: VELOCITY_SPRINTS });
		}

		announce(text) {
			this.status.text(text);
		}

		show_message(text) {
			this.forget();
			this.page.clear_primary_action();
			this.page.clear_inner_toolbar();
			orchestrator.set_page_title(this.page, __("Sprint Board"));
			this.bar.toggle(Boolean(this.picker.children().length));
			this.board_area.hide();
			orchestrator.sprints.show_note(this.chart_area.empty().show(), text);
		}
	}

	frappe.pages["sprint-board"].on_page_load = (wrapper) => {
		wrapper.sprint_board = new SprintBoardPage(wrapper);
	};
	frappe.pages["sprint-board"].on_page_show = (wrapper) => wrapper.sprint_board.show();
})();
