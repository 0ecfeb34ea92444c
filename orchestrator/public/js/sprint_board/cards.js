// Cards of tasks: what they show, their menu, and their estimate edited in place.
(() => {
	const sprints = orchestrator.sprints;
	const PRIORITY_COLORS = { Urgent: "red", High: "orange", Medium: "blue", Low: "gray" };

	// `board` answers has_write(task), list_moves(card), move(card, place) and reload().
	function render_card(task, board) {
		const card = $(`<li class="sb-card" tabindex="0">
			<div class="sb-card-head"><a class="sb-card-title"></a></div>
			<div class="sb-card-about"></div>
			<div class="sb-card-foot"><span class="sb-assignee"></span></div>
		</li>`);
		card.attr({ "data-doctype": task.doctype, "data-name": task.name }).data("task", task);
		card.find("a").attr("href", frappe.utils.get_form_link(task.doctype, task.name)).text(task.title || task.name);
		render_about(card.find(".sb-card-about"), task);
		render_assignee(card.find(".sb-assignee"), task);
		const can_write = board.has_write(task);
		card.find(".sb-card-foot").append(render_estimate(task, can_write, board));
		if (can_write) card.find(".sb-card-head").append(render_menu_button(card, task, board));
		if (task.progress > 0 && task.progress < 100) card.append(render_progress(task));
		return card.toggleClass("is-fixed", !can_write);
	}

	function render_about(box, task) {
		$(`<span class="text-muted"></span>`).text(task.name).appendTo(box);
		if (task.priority) {
			$(`<span class="indicator"></span>`)
				.addClass(PRIORITY_COLORS[task.priority] || "gray")
				.text(__(task.priority))
				.appendTo(box);
		}
		if (!task.due_date) return;
		const is_open = !["Completed", "Done", "Cancelled", "Canceled"].includes(task.status);
		const is_late = is_open && task.due_date < frappe.datetime.get_today();
		$("<span></span>")
			.addClass(is_late ? "sb-late" : "text-muted")
			.text(is_late ? __("Due {0}, overdue", [format_day(task.due_date)]) : __("Due {0}", [format_day(task.due_date)]))
			.appendTo(box);
	}

	const format_day = (date) => moment(date).format("D MMM");

	function render_assignee(box, task) {
		const name = task.assigned_to_name || task.assigned_to;
		if (!name) return box.addClass("text-muted").text(__("Unassigned"));
		box.append(frappe.get_avatar("avatar-small", frappe.utils.escape_html(name)));
		box.append($("<span></span>").text(name));
	}

	function render_progress(task) {
		const label = __("{0} % done", [format_number(task.progress, null, 0)]);
		const bar = $(`<div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax="100"><div></div></div>`);
		bar.attr({ "aria-valuenow": task.progress, "aria-label": label, title: label });
		bar.children().addClass("progress-bar").css("width", `${task.progress}%`);
		return bar;
	}

	function render_menu_button(card, task, board) {
		const button = $(`<button type="button" class="btn btn-xs sb-menu-button" aria-haspopup="menu"></button>`);
		button.attr({ "aria-label": __("Move {0}", [task.title || task.name]), title: __("Move") });
		button.append(frappe.utils.icon("dot-horizontal", "sm"));
		return button.on("click", () => open_move_menu(card, board));
	}

	function open_move_menu(card, board) {
		const anchor = card.find(".sb-menu-button")[0];
		if (anchor) open_menu(anchor, __("Move to"), board.list_moves(card), (place) => board.move(card, place));
	}

	// A menu of buttons beside `anchor`, moved through with the arrow keys. `items` are pairs of value and label.
	function open_menu(anchor, title, items, on_choose) {
		$(".sb-menu").remove();
		const menu = $(`<div class="sb-menu dropdown-menu show" role="menu"></div>`).attr("aria-label", title);
		$(`<div class="sb-menu-title text-muted small"></div>`).text(title).appendTo(menu);
		const close = (refocus) => {
			menu.remove();
			$(document).off(".sb-menu");
			if (refocus) anchor.focus();
		};
		for (const [value, label] of items) {
			$(`<button type="button" class="dropdown-item" role="menuitem"></button>`)
				.text(label)
				.on("click", () => {
					close(false);
					on_choose(value);
				})
				.appendTo(menu);
		}
		menu.on("keydown", (event) => handle_menu_key(event, menu, close)).appendTo(document.body);
		place_menu(menu, anchor);
		menu.find("button").first().trigger("focus");
		setTimeout(() => $(document).on("click.sb-menu", (event) => !menu[0].contains(event.target) && close(false)));
	}

	function place_menu(menu, anchor) {
		const { right, bottom, top } = anchor.getBoundingClientRect();
		const below = bottom + menu.outerHeight() < window.innerHeight;
		menu.css({
			left: Math.max(8, right - menu.outerWidth()),
			top: Math.max(8, below ? bottom + 4 : top - menu.outerHeight() - 4),
		});
	}

	function handle_menu_key(event, menu, close) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) {
			const buttons = menu.find("button").toArray();
			const at = buttons.indexOf(document.activeElement);
			buttons[(at + step + buttons.length) % buttons.length].focus();
		} else if (event.key === "Escape" || event.key === "Tab") close(true);
		else return;
		event.preventDefault();
		event.stopPropagation();
	}

	function render_estimate(task, can_write, board) {
		const text = task.estimate_hours ? sprints.format_hours(task.estimate_hours) : __("No estimate");
		if (!can_write) return $(`<span class="sb-estimate"></span>`).text(text);
		const label = __("Estimate of {0}: {1}. Change it", [task.title || task.name, text]);
		const button = $(`<button type="button" class="btn btn-xs sb-estimate"></button>`).text(text);
		button.attr({ "aria-label": label, title: __("Change the estimate") });
		return button.on("click", () => edit_estimate(button, task, board));
	}

	function edit_estimate(button, task, board) {
		const input = $(`<input type="number" class="form-control input-xs sb-estimate-input" min="0" max="10000" step="0.5">`);
		input.attr("aria-label", __("Estimate in hours")).val(task.estimate_hours || "");
		let is_done = false;
		const finish = async (is_saved) => {
			if (is_done) return;
			is_done = true;
			const value = Number(input.val() || 0);
			const changed = is_saved && input[0].checkValidity() && value !== task.estimate_hours;
			input.replaceWith(button);
			button.on("click", () => edit_estimate(button, task, board)).trigger("focus");
			if (changed) await save_estimate(task, value, board);
		};
		input.on("keydown", (event) => {
			event.stopPropagation();
			if (event.key === "Enter") finish(true);
			if (event.key === "Escape") finish(false);
		});
		input.on("blur", () => finish(true));
		button.replaceWith(input);
		input.trigger("focus").trigger("select");
	}

	async function save_estimate(task, value, board) {
		try {
			await frappe.db.set_value(task.doctype, task.name, "expected_time", value);
			board.announce(__("The estimate of {0} is {1}.", [task.title, sprints.format_hours(value)]));
		} finally {
			await board.reload();
			board.focus(task);
		}
	}

	Object.assign(orchestrator.sprints, { open_move_menu, render_card });
})();
