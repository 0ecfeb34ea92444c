// Links from the figures of a dashboard to the lists of the records behind them, under the reader's own permissions.
frappe.provide("orchestrator.metrics");

(() => {
	// The filters of one label of a series replace those of the same fields.
	function get_lists(item, index = null) {
		return (item.records || [])
			.filter((records) => index === null || records.points?.[index])
			.map(({ doctype, filters, points }) => {
				const point = index === null ? [] : points[index];
				const fields = point.map(([field]) => field);
				return { doctype, filters: [...filters.filter(([field]) => !fields.includes(field)), ...point] };
			});
	}

	// A list has one option for each field; several conditions on it are texts.
	function build_route_options(filters) {
		const options = {};
		for (const [field, ...condition] of filters) (options[field] ||= []).push(condition);
		return Object.fromEntries(
			Object.entries(options).map(([field, conditions]) => [
				field,
				conditions.length === 1 ? conditions[0] : conditions.map((condition) => JSON.stringify(condition)),
			])
		);
	}

	function open_list({ doctype, filters }) {
		frappe.route_options = build_route_options(filters);
		frappe.set_route("List", doctype, "List");
	}

	function open(lists) {
		if (lists.length === 1) return open_list(lists[0]);
		const dialog = new frappe.ui.Dialog({ title: __("Which records?"), size: "small" });
		lists.forEach((list) =>
			$(`<button class="btn btn-default btn-block"></button>`)
				.text(__(list.doctype))
				.on("click", () => dialog.hide() && open_list(list))
				.appendTo(dialog.$body)
		);
		dialog.show();
	}

	// Returns whether there are records to open.
	orchestrator.metrics.has_records = (item, index = null) => get_lists(item, index).length > 0;
	orchestrator.metrics.open_records = (item, index = null) => {
		const lists = get_lists(item, index);
		if (lists.length) open(lists);
	};

	// Turns an element into a button that opens the records, for the mouse and the keyboard.
	orchestrator.metrics.link_to_records = (element, item, index = null) => {
		if (!orchestrator.metrics.has_records(item, index)) return element;
		const act = (event) => {
			event.stopPropagation();
			event.preventDefault();
			orchestrator.metrics.open_records(item, index);
		};
		return element
			.addClass("metrics-link")
			.attr({ role: "link", tabindex: 0, title: __("Show the records") })
			.on("click", act)
			.on("keydown", (event) => ["Enter", " "].includes(event.key) && act(event));
	};

	// Opens the records of the bar, slice or point of a chart that was clicked.
	orchestrator.metrics.link_chart = (container, chart, item, order = null) => {
		if (!item.records?.some(({ points }) => points)) return;
		container.classList.add("metrics-link");
		container.addEventListener("click", (event) => {
			const index = find_index(container, chart, event);
			const label = order && index !== null ? order[index] : index;
			if (label !== null && label !== undefined) orchestrator.metrics.open_records(item, label);
		});
	};

	function find_index(container, chart, event) {
		const slice = event.target.closest(".pie-path, .donut-path, .percentage-bar");
		if (slice) return [...container.querySelectorAll(".pie-path, .donut-path, .percentage-bar")].indexOf(slice);
		const bar = event.target.closest("[data-point-index]");
		if (bar) return cint(bar.dataset.pointIndex);
		return find_nearest(chart, event);
	}

	// Lines have no elements of their own for their points.
	function find_nearest(chart, event) {
		const positions = chart.state?.xAxis?.positions;
		const matrix = chart.drawArea?.getScreenCTM?.();
		if (!positions?.length || !matrix) return null;
		const x = (event.clientX - matrix.e) / matrix.a;
		return positions.reduce((best, at, index) => (Math.abs(at - x) < Math.abs(positions[best] - x) ? index : best), 0);
	}
})();
