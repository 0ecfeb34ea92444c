// Charts of series: bars and lines, parts of a whole, and bars with their labels beside them on a phone.
frappe.provide("orchestrator.metrics");

(() => {
	const LABEL_SPACE = 1.15; // factor for the chart's estimate of a letter's width, which is too large
	const COLORS = ["#318ad8", "#48bb74", "#f8814f", "#7c5cc4", "#f56b6b", "#a6b1b9"];
	const PIES = ["Pie", "Donut", "Percentage"];
	const NARROW_PIXELS = 576;
	const CHART_TYPES = { Bar: "bar", Line: "line", Pie: "pie", Donut: "donut", Percentage: "percentage" };
	const { abbreviate, format_value, render_empty } = orchestrator.metrics;
	const { escape_tooltip, hide_overlapping_labels } = orchestrator.charts;

	// Returns a function that shows a newer item in the same chart, or nothing if it has to be rendered anew.
	orchestrator.metrics.render_series = (box, item) => {
		if (!item.value.labels.length) return render_empty(box);
		if (PIES.includes(item.display)) return render_pie(box, item);
		if (item.display !== "Line" && is_narrow() && item.value.datasets.length === 1) return render_bars(box, item);
		return render_axis_chart(box, item);
	};

	function render_axis_chart(box, item) {
		const container = $(`<div class="metrics-chart"></div>`).appendTo(box).get(0);
		const build_data = ({ value }) => ({ ...value, labels: value.labels.map(abbreviate) });
		const shown = { item };
		const chart = draw_chart(container, shown, build_data(item), 220, {
			xIsSeries: item.display === "Line",
			shortenYAxisNumbers: 1,
			seriesLabelSpaceRatio: LABEL_SPACE,
		});
		// The chart draws itself in several steps, and again when its width changes.
		const finish = frappe.utils.debounce(() => finish_drawing(container, shown), 300);
		new MutationObserver(finish).observe(container, { childList: true, subtree: true, characterData: true });
		new ResizeObserver(() => setTimeout(finish, 1000)).observe(container);
		finish();
		return (newer) => {
			const before = shown.item.value;
			if (newer.value.labels.length !== before.labels.length) return false;
			if (newer.value.datasets.length !== before.datasets.length) return false;
			shown.item = newer;
			chart.update(build_data(newer));
			return true;
		};
	}

	function finish_drawing(container, shown) {
		hide_overlapping_labels(container);
		if (!shown.item.records?.some(({ points }) => points)) return;
		container.querySelectorAll("[data-point-index]").forEach((bar) => {
			const index = cint(bar.dataset.pointIndex);
			if (bar.getAttribute("role") || !orchestrator.metrics.has_records(shown.item, index)) return;
			const { labels, datasets } = shown.item.value;
			const values = datasets.map(({ values }) => format_value(values[index])).join(", ");
			bar.setAttribute("role", "link");
			bar.setAttribute("tabindex", 0);
			bar.setAttribute("aria-label", `${abbreviate(labels[index])}: ${values}`);
		});
	}

	// On a phone, the labels of bars stand beside them: below, they would be cut off.
	function is_narrow() {
		return window.innerWidth < NARROW_PIXELS;
	}

	function render_bars(box, item) {
		const values = item.value.datasets[0].values;
		const most = Math.max(...values.map(Math.abs), 1);
		const list = $(`<ul class="metrics-bars"></ul>`).appendTo(box);
		item.value.labels.forEach((label, index) => {
			const line = $(`<div><span></span><b></b><i></i></div>`);
			line.find("span").text(abbreviate(label));
			line.find("b").text(format_value(values[index]));
			line.find("i").css({ width: `${(100 * Math.abs(values[index])) / most}%`, background: COLORS[0] });
			$("<li></li>").append(line).appendTo(list);
			orchestrator.metrics.link_to_records(line, item, index);
		});
	}

	// Each value is a part of the whole. The chart's own legend omits entries that do not fit, so this one lists all.
	function render_pie(box, item) {
		const values = item.value.datasets[0].values;
		const slices = item.value.labels
			.map((label, index) => [label, values[index], [index]])
			.sort((a, b) => b[1] - a[1]);
		const rest = slices.splice(COLORS.length - (slices.length > COLORS.length ? 1 : 0));
		if (rest.length) {
			const sum = rest.reduce((total, [, value]) => total + value, 0);
			slices.push([__("Others"), sum, rest.map(([, , [index]]) => index)]);
		}
		if (!slices.some(([, value]) => value)) return render_empty(box);
		const flex = $(`<div class="metrics-pie"><div></div><ul></ul></div>`).appendTo(box);
		slices.forEach(([label, value, sources], index) => {
			const line = $(`<div><i></i><span></span> <b></b></div>`);
			line.find("i").css("background", COLORS[index]);
			line.find("span").text(label);
			line.find("b").text(format_value(value));
			$("<li></li>").append(line).appendTo(flex.find("ul"));
			orchestrator.metrics.link_to_records(line, item, sources);
		});
		const data = {
			labels: slices.map(([label]) => label),
			datasets: [{ values: slices.map(([, value]) => value) }],
		};
		const order = slices.map(([, , sources]) => sources);
		draw_chart(flex.children("div").get(0), { item }, data, 180, {}, order);
	}

	// `order` has the indexes in the item of each label of the chart.
	function draw_chart(container, shown, data, height, axisOptions = {}, order = null) {
		const { display } = shown.item;
		const chart = new frappe.Chart(container, {
			type: CHART_TYPES[display] || "bar",
			data,
			height,
			colors: COLORS,
			maxSlices: COLORS.length,
			truncateLegends: 1,
			showLegend: PIES.includes(display) ? 0 : 1,
			axisOptions,
			// An animation replaces the chart for a while, during which a new size makes it fail.
			animate: 0,
			disableEntryAnimation: 1,
			lineOptions: { hideDots: 1, regionFill: 1 },
		});
		escape_tooltip(chart);
		orchestrator.metrics.link_chart(container, chart, shown, order);
		return chart;
	}

})();
