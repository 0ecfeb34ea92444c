// The columns of the board: cards are moved by dragging, by their menu, or by Shift and an arrow key.
(() => {
	const sprints = orchestrator.sprints;
	const CANCELLED = "cancelled";
	const DROP_DELAY = 120; // milliseconds on a touch screen, before a swipe is a drag

	class Board {
		// `page` has sprint, announce(text) and load().
		constructor(page, area) {
			this.page = page;
			this.area = $(`<div class="sb-board" role="group"></div>`).attr("aria-label", __("Board")).appendTo(area);
			this.area.on("keydown", ".sb-card", (event) => this.handle_key(event));
			this.filter = { text: "", assignee: "" };
			this.backlog = new sprints.Backlog(this);
		}

		get is_closed() {
			return this.data.state === "Closed";
		}

		has_write(task) {
			return !this.is_closed && frappe.model.can_write(task.doctype);
		}

		announce(text) {
			this.page.announce(text);
		}

		reload() {
			return this.page.load();
		}

		render(data) {
			this.data = data;
			const scrolled = this.area.scrollLeft();
			this.area.children(".sb-column").remove();
			this.columns = data.columns.filter((column) => column.column !== CANCELLED || column.tasks.length);
			this.columns.forEach((column) => this.area.append(this.render_column(column)));
			this.area.scrollLeft(scrolled);
			this.apply_filter();
			this.backlog.show(this.is_closed);
		}

		render_column(column) {
			const id = `sb-title-${column.column}`;
			const box = $(`<section class="sb-column"><header><h3></h3><span class="sb-count"></span>
				<span class="sb-hours text-muted"></span></header><ul class="sb-cards"></ul></section>`);
			box.attr({ "data-column": column.column, "aria-labelledby": id });
			box.find("h3").attr("id", id).text(column.title);
			const list = box.find(".sb-cards").attr("aria-labelledby", id);
			column.tasks.forEach((task) => list.append(sprints.render_card(task, this)));
			box.data("column", column);
			this.make_sortable(list[0]);
			return box;
		}

		make_sortable(list) {
			if (this.is_closed || !window.Sortable) return;
			Sortable.create(list, {
				group: "sprint-board",
				sort: false,
				animation: 120,
				delay: DROP_DELAY,
				delayOnTouchOnly: true,
				draggable: ".sb-card:not(.is-fixed)",
				filter: "input, select",
				preventOnFilter: false,
				ghostClass: "is-dragged",
				onStart: () => this.area.addClass("is-dragging"),
				onEnd: (event) => {
					this.area.removeClass("is-dragging");
					if (event.to !== event.from) this.save_move($(event.item), get_place(event.from), get_place(event.to));
				},
			});
		}

		// The places to which a card may move, with their titles.
		list_moves(card) {
			const titles = sprints.get_column_titles();
			const from = get_place(card[0].parentElement);
			const has_review = card.data("task").doctype !== "GP Task";
			const places = sprints.PHASES.filter((phase) => phase !== "in_review" || has_review);
			const moves = places.map((phase) => [phase, titles[phase]]);
			return [...moves, [sprints.BACKLOG, __("Backlog")]].filter(([place]) => place !== from);
		}

		move(card, to) {
			return this.save_move(card, get_place(card[0].parentElement), to);
		}

		async save_move(card, from, to) {
			const task = card.data("task");
			card.addClass("is-saving");
			try {
				await sprints.write("move_task", build_move(task, this.data.sprint, from, to));
				const titles = { ...sprints.get_column_titles(), [sprints.BACKLOG]: __("Backlog") };
				this.announce(__("{0} moved to {1}.", [task.title || task.name, titles[to]]));
			} finally {
				// Of a refused move, too: the card goes back to where it is.
				await this.reload();
				this.focus(task);
			}
		}

		focus(task) {
			this.find_card(task)?.focus();
		}

		find_card(task) {
			const cards = this.area.find(".sb-card").toArray();
			return cards.find((card) => card.dataset.doctype === task.doctype && card.dataset.name === task.name);
		}

		handle_key(event) {
			if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
			const card = $(event.currentTarget);
			const forward = frappe.utils.is_rtl() ? -1 : 1;
			const across = { ArrowLeft: -forward, ArrowRight: forward }[event.key];
			const along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
			if (event.shiftKey && across) this.move_across(card, across);
			else if (across) this.focus_across(card, across);
			else if (along) this.focus_along(card, along);
			else if (event.key === "Enter") frappe.set_route("Form", card[0].dataset.doctype, card[0].dataset.name);
			else if (event.key === " " || event.key === "m") sprints.open_move_menu(card, this);
			else return;
			event.preventDefault();
			event.stopPropagation();
		}

		list_places() {
			return this.area.find(".sb-cards:visible").toArray();
		}

		move_across(card, step) {
			if (!this.has_write(card.data("task"))) return;
			const allowed = this.list_moves(card).map(([place]) => place);
			const places = this.list_places().map(get_place);
			let at = places.indexOf(get_place(card[0].parentElement)) + step;
			while (places[at] && !allowed.includes(places[at])) at += step;
			if (places[at]) this.move(card, places[at]);
		}

		focus_across(card, step) {
			const lists = this.list_places();
			const at = card.parent().children(":visible").index(card);
			for (let next = lists.indexOf(card[0].parentElement) + step; lists[next]; next += step) {
				const cards = $(lists[next]).children(":visible");
				if (cards.length) return cards.get(Math.min(at, cards.length - 1)).focus();
			}
		}

		focus_along(card, step) {
			const cards = card.parent().children(":visible");
			cards.get(Math.max(0, cards.index(card) + step))?.focus();
		}

		set_filter(values) {
			Object.assign(this.filter, values);
			if (this.data) this.apply_filter();
		}

		// Shows the cards that match, and how many tasks and hours each column has of them.
		apply_filter() {
			const { text, assignee } = this.filter;
			this.area.children(".sb-column").each((_at, element) => {
				const box = $(element);
				let tasks = 0;
				let hours = 0;
				box.find(".sb-card").each((_card_at, card) => {
					const task = $(card).data("task");
					const shown = matches(task, text, assignee);
					$(card).toggle(shown);
					tasks += shown;
					hours += shown ? task.remaining_hours : 0;
				});
				const { length } = box.data("column").tasks;
				const is_filtered = Boolean(text || assignee);
				box.find(".sb-count").text(is_filtered ? __("{0} of {1}", [tasks, length]) : length);
				box.find(".sb-hours").text(hours ? sprints.format_hours(hours) : "");
			});
		}

		list_assignees() {
			const people = new Map();
			const tasks = this.data.columns.flatMap((column) => column.tasks);
			tasks.forEach((task) => task.assigned_to && people.set(task.assigned_to, task.assigned_to_name));
			return [...people].sort((one, other) => one[1].localeCompare(other[1]));
		}
	}

	function get_place(list) {
		return list.closest("[data-column]").dataset.column;
	}

	function build_move(task, sprint, from, to) {
		const args = { task: task.name, doctype: task.doctype, from_sprint: from === sprints.BACKLOG ? from : sprint };
		if (to === sprints.BACKLOG) return { ...args, sprint: to };
		if (from === sprints.BACKLOG) return { ...args, sprint, column: to };
		return { ...args, column: to, from_column: from };
	}

	function matches(task, text, assignee) {
		if (assignee === "-" ? task.assigned_to : assignee && task.assigned_to !== assignee) return false;
		const words = text.toLowerCase().split(/\s+/).filter(Boolean);
		const content = `${task.title} ${task.name} ${task.assigned_to_name || ""}`.toLowerCase();
		return words.every((word) => content.includes(word));
	}

	Object.assign(orchestrator.sprints, { Board });
})();
