// The backlog beside the columns: tasks are dragged or moved from it into the sprint.
(() => {
	const sprints = orchestrator.sprints;
	const SEARCH_DELAY = 300; // milliseconds

	class Backlog {
		constructor(board) {
			this.board = board;
			this.is_open = false;
			this.requested = 0;
			this.box = $(`<section class="sb-backlog" id="sb-backlog" data-column="backlog" aria-labelledby="sb-title-backlog">
				<header><h3 id="sb-title-backlog"></h3><span class="sb-count"></span></header>
				<input type="search" class="form-control input-sm"><ul class="sb-cards" aria-labelledby="sb-title-backlog"></ul>
				<p class="text-muted small sb-more"></p></section>`);
			this.box.find("h3").text(__("Backlog"));
			const label = __("Search the backlog");
			this.search = this.box.find("input").attr({ placeholder: label, "aria-label": label });
			this.search.on("input", frappe.utils.debounce(() => this.load(), SEARCH_DELAY));
			this.box.hide().prependTo(board.area);
		}

		toggle(is_open) {
			this.is_open = is_open;
			this.box.toggle(is_open);
			return is_open ? this.load() : null;
		}

		show(is_closed) {
			this.box.toggle(this.is_open && !is_closed);
			if (!this.is_sortable && !is_closed) this.board.make_sortable(this.box.find(".sb-cards")[0]);
			this.is_sortable = this.is_sortable || !is_closed;
			if (this.is_open && !is_closed) return this.load();
		}

		async load() {
			const number = ++this.requested;
			const args = { sprint: this.board.data.sprint, text: this.search.val() };
			const backlog = await sprints.read("get_sprint_backlog", args);
			// A later search, or another sprint, has been opened in the meantime.
			if (number === this.requested && backlog.sprint === this.board.data.sprint) this.render(backlog);
		}

		render(backlog) {
			const focused = this.focused_task();
			const list = this.box.find(".sb-cards").empty();
			backlog.tasks.forEach((task) => list.append(sprints.render_card(task, this.board)));
			this.box.find(".sb-count").text(backlog.tasks.length + (backlog.has_more ? "+" : ""));
			const text = backlog.has_more ? __("Search to find more tasks.") : __("No task is waiting.");
			this.box.find(".sb-more").text(backlog.has_more || !backlog.tasks.length ? text : "");
			if (focused) this.board.focus(focused);
		}

		focused_task() {
			const card = document.activeElement?.closest(".sb-backlog .sb-card");
			return card && $(card).data("task");
		}
	}

	Object.assign(orchestrator.sprints, { Backlog });
})();
