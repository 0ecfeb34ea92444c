// Links from the figures of a dashboard to the lists of the records behind them, under the reader's own permissions.
frappe.provide("orchestrator.metrics");

(() => {
	const LINKED = "metrics-records"; // what an element leads to, among jQuery's data

	// The filters of some labels of a series replace those of the same fields.
	function get_lists(item, indexes = null) {
		return (item.records || []).flatMap(({ doctype, filters, points }) => {
			const point = indexes === null ? [] : merge_points(indexes.map((index) => points?.[index]));
			if (!point) return [];
			const fields = point.map(([field]) => field);
			return [{ doctype, filters: [...filters.filter(([field]) => !fields.includes(field)), ...point] }];
		});
	}

	// Returns the filters that find the records of any of the points; null if there are none.
	function merge_points(points) {
		if (!points.every(Boolean)) return null;
		if (points.length === 1) return points[0];
		const [[[first] = []] = []] = points;
		const are_values = points.every((point) => point.length === 1 && point[0][0] === first && point[0][1] === "=");
		return are_values ? [[first, "in", points.map(([[, , value]]) => value)]] : null;
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

	const as_list = (index) => (index === null || Array.isArray(index) ? index : [index]);

	// Returns whether there are records to open.
	orchestrator.metrics.has_records = (item, index = null) => get_lists(item, as_list(index)).length > 0;
	orchestrator.metrics.open_records = (item, index = null) => {
		const lists = get_lists(item, as_list(index));
		if (lists.length) open(lists);
	};

	// Turns an element into a button that opens the records, for the mouse and the keyboard. A repetition changes where it
	// leads.
	orchestrator.metrics.link_to_records = (element, item, index = null) => {
		const is_new = element.data(LINKED) === undefined;
		const leads_on = orchestrator.metrics.has_records(item, index);
		element.data(LINKED, leads_on ? { item, index } : null).toggleClass("metrics-link", leads_on);
		if (leads_on) element.attr({ role: "link", tabindex: 0, title: __("Show the records") });
		else element.removeAttr("role tabindex title");
		if (is_new) element.on("click keydown", (event) => follow(event, element));
		return element;
	};

	function follow(event, element) {
		const target = element.data(LINKED);
		if (!target || (event.type === "keydown" && !["Enter", " "].includes(event.key))) return;
		event.stopPropagation();
		event.preventDefault();
		orchestrator.metrics.open_records(target.item, target.index);
	}

	// Opens the records of the bar, slice or point of a chart. `shown.item` is what the chart shows now.
	orchestrator.metrics.link_chart = (container, chart, shown, order = null) => {
		if (!shown.item.records?.some(({ points }) => points)) return;
		container.classList.add("metrics-link");
		const act = (event) => {
			const index = find_index(container, chart, event);
			const label = order && index !== null ? order[index] : index;
			if (label === null || label === undefined) return;
			event.preventDefault();
			orchestrator.metrics.open_records(shown.item, label);
		};
		container.addEventListener("click", act);
		container.addEventListener("keydown", (event) => ["Enter", " "].includes(event.key) && act(event));
	};

	function find_index(container, chart, event) {
		const slice = event.target.closest(".pie-path, .donut-path, .percentage-bar");
		if (slice) return [...container.querySelectorAll(".pie-path, .donut-path, .percentage-bar")].indexOf(slice);
		const bar = event.target.closest("[data-point-index]");
		if (bar) return cint(bar.dataset.pointIndex);
		return event.type === "click" ? find_nearest(chart, event) : null;
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
