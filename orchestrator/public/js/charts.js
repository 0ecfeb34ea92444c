// What Desk's charts lack: safe tooltips, and labels that do not overlap.
frappe.provide("orchestrator");

(() => {
	// The chart writes labels as text, except in its tooltip, where it writes them as HTML.
	function escape_tooltip(chart) {
		const escape = (value) => (typeof value === "string" ? frappe.utils.escape_html(value) : value);
		const set_values = chart.tip.setValues.bind(chart.tip);
		chart.tip.setValues = (x, y, title = {}, points = [], index = -1) =>
			set_values(
				x,
				y,
				{ ...title, name: escape(title.name), value: escape(title.value) },
				points.map((point) => ({ ...point, title: escape(point.title), formatted: escape(point.formatted) })),
				index
			);
	}

	// Hides labels below a chart that overlap the next one.
	function hide_overlapping_labels(container) {
		let edge = Infinity;
		for (const label of [...container.querySelectorAll(".x.axis text")].reverse()) {
			const { left, right, width } = label.getBoundingClientRect();
			const has_room = !width || right + 4 <= edge;
			label.style.visibility = has_room ? "" : "hidden";
			if (has_room && width) edge = left;
		}
	}

	orchestrator.charts = { escape_tooltip, hide_overlapping_labels };
})();
