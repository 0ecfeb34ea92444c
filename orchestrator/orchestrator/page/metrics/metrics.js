// A dashboard of metrics, as get_dashboard returns it. It reloads when the site publishes that values are new.
frappe.pages["metrics"].on_page_load = (wrapper) => {
	wrapper.metrics = new MetricsPage(wrapper);
	wrapper.scripts = frappe.require("/assets/orchestrator/js/metrics/record_links.js");
};
frappe.pages["metrics"].on_page_show = async (wrapper) => {
	await wrapper.scripts;
	wrapper.metrics.show();
};

const DOCTYPE = "Orchestrator Dashboard";
const EVENT = "orchestrator_metrics";
const NUMBERS = ["Currency", "Float", "Int", "Percent", "Duration"];
const LABEL_SPACE = 1.15; // factor for the chart's estimate of a letter's width, which is too large
const SPANS = { Quarter: 3, Third: 4, Half: 6, "Two Thirds": 8, Full: 12 };
const COLORS = ["#318ad8", "#48bb74", "#f8814f", "#7c5cc4", "#f56b6b", "#a6b1b9"];
const PIES = ["Pie", "Donut", "Percentage"];
// Many pages hear of a refresh at once: each reloads after a random part of this time in milliseconds, once for all events.
const MAX_RELOAD_DELAY = 700;
const NARROW_PIXELS = 576;
const CHART_TYPES = { Bar: "bar", Line: "line", Pie: "pie", Donut: "donut", Percentage: "percentage" };

const RENDERERS = { number: render_number, series: render_series, table: render_table };

class MetricsPage {
	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Metrics"), single_column: true });
		this.page.set_primary_action(__("Refresh"), () => this.refresh(), "refresh");
		if (frappe.model.can_write(DOCTYPE)) {
			this.page.add_menu_item(__("Edit Dashboard"), () => frappe.set_route("Form", DOCTYPE, this.name));
		}
		this.body = $(`<div class="metrics-board"></div>`).appendTo(this.page.main);
		this.requested = this.rendered = 0;
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
		this.choices ||= await this.load_choices();
		const name = frappe.get_route()[1] || this.name || this.choices[0]?.dashboard;
		if (!name) return this.show_message(__("You do not have access to any dashboard."));
		this.name = name;
		this.listen();
		this.load();
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
		return this.request("get_dashboard", "GET");
	}

	refresh() {
		return this.name && this.request("refresh_metrics", "POST");
	}

	async request(method, type) {
		const name = this.name;
		const number = ++this.requested;
		let reply;
		try {
			reply = await frappe.call({ method: `orchestrator.insights.${method}`, type, args: { dashboard: name } });
		} catch (refused) {
			// Frappe has shown the error. Values that the user may no longer see must not stay on the page.
			if (name !== this.name || ![403, 404].includes(refused.status)) return;
			this.page.set_title(__("Metrics"));
			return this.show_message(__("This dashboard cannot be shown."));
		}
		// A reply that arrives after that to a later request is outdated.
		if (name !== this.name || number < this.rendered || !reply.data) return;
		this.rendered = number;
		this.render(reply.data);
	}

	render(board) {
		this.page.set_title(board.title);
		const at = board.refreshed_at ? frappe.datetime.comment_when(board.refreshed_at.replace("T", " ")) : "";
		if (at) this.page.set_indicator(at, board.items.some((item) => item.stale) ? "orange" : "green");
		else this.page.clear_indicator();
		const layout = JSON.stringify([board.dashboard, board.items.map((item) => [item.name, item.width])]);
		if (layout !== this.layout) this.clear();
		this.layout = layout;
		if (board.items.length && board.items.every((item) => item.error?.type === "PermissionError")) {
			return this.show_message(__("You don't have access to the records that this dashboard counts."));
		}
		board.items.forEach((item, index) => this.render_item(item, index));
		if (!board.items.length) this.show_message(__("There are no metrics on this dashboard yet."));
	}

	clear() {
		this.layout = null;
		this.items = [];
		this.body.empty();
	}

	render_item(item, index) {
		// An unchanged item is left in place, so that nothing flickers.
		const { refreshed_at, ...content } = item;
		const known = this.items[index];
		const text = JSON.stringify(content);
		if (known && known.text === text) return;
		const box = $(`<section class="metrics-item"><h4></h4></section>`).attr("data-metric", item.name);
		box.css("grid-column", `span ${SPANS[item.width] || 3}`).find("h4").text(item.label);
		if (known) known.box.replaceWith(box.toggleClass("is-new", known.value !== JSON.stringify(item.value)));
		else this.body.append(box);
		this.items[index] = { box, text, value: JSON.stringify(item.value) };
		render_content(box, item);
	}

	show_message(text) {
		this.clear();
		this.page.clear_indicator();
		this.body.append($(`<p class="metrics-none text-muted"></p>`).text(text));
	}
}

function render_content(box, item) {
	if (item.stale) box.addClass("is-stale").attr("title", __("A newer value may be available. Use Refresh to compute it."));
	if (item.value !== null) RENDERERS[item.kind](box, item);
	else if (!item.error) box.append(`<p class="metrics-number">–</p>`);
	if (item.error) {
		const style = item.error.type === "PermissionError" ? "metrics-hidden" : "metrics-error";
		$(`<p class="${style}"></p>`).text(item.error.message).appendTo(box);
	}
	// The number of a box leads to its records, as its title does; parts of a chart lead to their own.
	orchestrator.metrics.link_to_records(item.kind === "number" ? box : box.find("h4"), item);
}

function render_number(box, item) {
	$(`<p class="metrics-number"></p>`).text(format_value(item.value)).append(render_unit(item)).appendTo(box);
	if (item.change === null) return;
	const percent = item.change_percent === null ? "" : ` (${format_value(item.change_percent)} %)`;
	const better = item.direction === (item.change > 0 ? "up" : "down");
	const trend = !item.direction || !item.change ? "" : better ? "is-better" : "is-worse";
	const sign = item.change > 0 ? "▲" : item.change < 0 ? "▼" : "=";
	$(`<p class="metrics-change ${trend}"></p>`).text(`${sign} ${format_value(Math.abs(item.change))}${percent}`).appendTo(box);
}

function render_series(box, item) {
	if (!item.value.labels.length) return render_empty(box);
	if (PIES.includes(item.display)) return render_pie(box, item);
	if (item.display !== "Line" && is_narrow() && item.value.datasets.length === 1) return render_bars(box, item);
	const container = $(`<div class="metrics-chart"></div>`).appendTo(box).get(0);
	draw_chart(container, item, { ...item.value, labels: item.value.labels.map(abbreviate) }, 220, {
		xIsSeries: item.display === "Line",
		shortenYAxisNumbers: 1,
		seriesLabelSpaceRatio: LABEL_SPACE,
	});
	// The chart draws itself in several steps, and again when its width changes.
	const hide_labels = frappe.utils.debounce(() => hide_overlapping_labels(container), 300);
	new MutationObserver(hide_labels).observe(container, { childList: true, subtree: true, characterData: true });
	new ResizeObserver(() => setTimeout(hide_labels, 1000)).observe(container);
	hide_labels();
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
		const row = $(`<div><span></span><b></b><i></i></div>`).appendTo($("<li></li>").appendTo(list));
		row.find("span").text(abbreviate(label));
		row.find("b").text(format_value(values[index]));
		row.find("i").css({ width: `${(100 * Math.abs(values[index])) / most}%`, background: COLORS[0] });
		orchestrator.metrics.link_to_records(row, item, index);
	});
}

// Each value is a part of the whole. The chart's own legend omits entries that do not fit, so this one lists all.
function render_pie(box, item) {
	const values = item.value.datasets[0].values;
	const slices = item.value.labels.map((label, index) => [label, values[index], index]).sort((a, b) => b[1] - a[1]);
	const rest = slices.splice(COLORS.length - (slices.length > COLORS.length ? 1 : 0));
	if (rest.length) slices.push([__("Others"), rest.reduce((sum, [, value]) => sum + value, 0)]);
	if (!slices.some(([, value]) => value)) return render_empty(box);
	const flex = $(`<div class="metrics-pie"><div></div><ul></ul></div>`).appendTo(box);
	slices.forEach(([label, value, source], index) => {
		const line = $(`<div><i></i><span></span> <b></b></div>`).appendTo($("<li></li>").appendTo(flex.find("ul")));
		line.find("i").css("background", COLORS[index]);
		line.find("span").text(label);
		line.find("b").text(format_value(value));
		if (source !== undefined) orchestrator.metrics.link_to_records(line, item, source);
	});
	const data = { labels: slices.map(([label]) => label), datasets: [{ values: slices.map(([, value]) => value) }] };
	draw_chart(flex.children("div").get(0), item, data, 180, {}, slices.map(([, , source]) => source));
}

// `order` has the index of the label in the item, of each label in the chart.
function draw_chart(container, item, data, height, axisOptions = {}, order = null) {
	const chart = new frappe.Chart(container, {
		type: CHART_TYPES[item.display] || "bar",
		data,
		height,
		colors: COLORS,
		maxSlices: COLORS.length,
		truncateLegends: 1,
		showLegend: PIES.includes(item.display) ? 0 : 1,
		axisOptions,
		lineOptions: { hideDots: 1, regionFill: 1 },
	});
	escape_tooltip(chart);
	orchestrator.metrics.link_chart(container, chart, item, order);
	return chart;
}

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

// Abbreviates a month or a day.
function abbreviate(label) {
	if (/^\d{4}-\d\d$/.test(label)) return moment(label, "YYYY-MM").format("MMM ’YY");
	return /^\d{4}-\d\d-\d\d$/.test(label) ? moment(label).format("D MMM") : label;
}

function render_empty(box) {
	box.append($(`<p class="text-muted"></p>`).text(__("Nothing to show")));
}

function render_table(box, item) {
	if (!item.value.rows.length) return render_empty(box);
	const head = (column) => `<th class="${get_alignment(column)}">${frappe.utils.escape_html(column.label)}</th>`;
	const heads = item.value.columns.map(head).join("");
	const rows = item.value.rows.map(
		(row) => `<tr>${item.value.columns.map((column) => `<td class="${get_alignment(column)}">${render_cell(column, row)}</td>`).join("")}</tr>`
	);
	box.append(`<div class="metrics-table"><table class="table table-sm"><thead><tr>${heads}</tr></thead>
		<tbody>${rows.join("")}</tbody></table></div>`);
	if (item.value.total > item.value.rows.length) {
		$(`<p class="text-muted small"></p>`)
			.text(__("{0} of {1}", [item.value.rows.length, item.value.total]))
			.appendTo(box);
	}
}

function get_alignment(column) {
	return NUMBERS.includes(column.fieldtype) ? "text-right" : "";
}

function render_cell(column, row) {
	const value = row[column.fieldname];
	if (value === null || value === undefined) return "";
	const doctype = column.fieldtype === "Dynamic Link" ? row[column.options] : column.options;
	if (["Link", "Dynamic Link"].includes(column.fieldtype) && doctype) {
		const link = frappe.utils.escape_html(frappe.utils.get_form_link(doctype, value));
		return `<a href="${link}">${frappe.utils.escape_html(String(value))}</a>`;
	}
	const precision = column.fieldtype === "Percent" ? 2 : undefined;
	return frappe.format(frappe.utils.escape_html(String(value)), { precision, ...column }, { inline: true }, row);
}

function render_unit(item) {
	return item.unit ? $(`<small></small>`).text(` ${item.unit}`) : "";
}

function format_value(value) {
	return format_number(value, null, Number.isInteger(value) ? 0 : 2);
}
