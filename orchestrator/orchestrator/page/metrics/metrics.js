// A dashboard of metrics, as get_dashboard answers it. It loads anew when the site says that items are new.
frappe.pages["metrics"].on_page_load = (wrapper) => {
	wrapper.metrics = new MetricsPage(wrapper);
};
frappe.pages["metrics"].on_page_show = (wrapper) => wrapper.metrics.show();

const DOCTYPE = "Orchestrator Dashboard";
const SPANS = { Quarter: 3, Third: 4, Half: 6, "Two Thirds": 8, Full: 12 };
const CHART_TYPES = { Bar: "bar", Line: "line", Pie: "pie", Donut: "donut", Percentage: "percentage" };

class MetricsPage {
	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Metrics"), single_column: true });
		this.field = this.page.add_field({
			fieldtype: "Link",
			fieldname: "dashboard",
			label: __("Dashboard"),
			options: DOCTYPE,
			change: () => this.open(this.field.get_value()),
		});
		this.page.set_primary_action(__("Refresh"), () => this.refresh(), "refresh");
		this.page.add_menu_item(__("Edit Dashboard"), () => frappe.set_route("Form", DOCTYPE, this.name));
		this.body = $(`<div class="metrics-board"></div>`).appendTo(this.page.main);
		frappe.realtime.on("orchestrator_metrics", (news) => {
			if (news.dashboard === this.name && frappe.get_route()[0] === "metrics") this.load();
		});
	}

	async show() {
		const name = frappe.get_route()[1] || this.name || (await this.first());
		if (!name) return this.tell(__("There is no dashboard that you may open."));
		this.name = name;
		if (this.field.get_value() !== name) this.field.set_value(name);
		this.listen();
		this.load();
	}

	listen() {
		// Frappe takes one subscription a second and drops the others.
		if (frappe.flags.doc_subscribe) return setTimeout(() => this.listen(), 1100);
		frappe.realtime.doc_subscribe(DOCTYPE, this.name);
	}

	open(name) {
		if (name && name !== this.name) frappe.set_route("metrics", name);
	}

	async first() {
		const rows = await frappe.db.get_list(DOCTYPE, { filters: { disabled: 0 }, limit: 1, order_by: "creation" });
		return rows.length && rows[0].name;
	}

	load() {
		return this.ask("get_dashboard", "GET");
	}

	refresh() {
		return this.ask("refresh_metrics", "POST");
	}

	async ask(method, type) {
		const asked = this.name;
		const reply = await frappe.call({ method: `orchestrator.insights.${method}`, type, args: { dashboard: asked } });
		if (asked === this.name && reply.data) this.render(reply.data);
	}

	render(board) {
		this.page.set_title(board.title);
		const at = board.refreshed_at ? frappe.datetime.prettyDate(board.refreshed_at.replace("T", " ")) : "";
		this.page.set_indicator(at, board.items.some((item) => item.stale) ? "orange" : "green");
		this.body.empty();
		for (const item of board.items) this.render_item(item);
	}

	render_item(item) {
		const box = $(`<section class="metrics-item" data-metric="${frappe.utils.escape_html(item.name)}">
			<h4>${frappe.utils.escape_html(item.label)}</h4></section>`).css("grid-column", `span ${SPANS[item.width] || 3}`);
		this.body.append(box);
		if (item.stale) box.addClass("is-stale").attr("title", __("A newer value is on its way."));
		if (item.value !== null) ({ number, series, table })[item.kind](box, item);
		else if (!item.error) box.append(`<p class="metrics-number">–</p>`);
		if (item.error) $(`<p class="metrics-error"></p>`).text(item.error.message).appendTo(box);
	}

	tell(text) {
		this.body.empty().append($(`<p class="text-muted"></p>`).text(text));
	}
}

function number(box, item) {
	$(`<p class="metrics-number"></p>`).text(written(item.value)).append(unit(item)).appendTo(box);
	if (item.change === null) return;
	const percent = item.change_percent === null ? "" : ` (${written(item.change_percent)} %)`;
	const better = item.direction === (item.change > 0 ? "up" : "down");
	const mood = !item.direction || !item.change ? "" : better ? "is-better" : "is-worse";
	const sign = item.change > 0 ? "▲" : item.change < 0 ? "▼" : "=";
	$(`<p class="metrics-change ${mood}"></p>`).text(`${sign} ${written(Math.abs(item.change))}${percent}`).appendTo(box);
}

function series(box, item) {
	if (!item.value.labels.length) return box.append(`<p class="text-muted">${__("Nothing to show")}</p>`);
	const holder = $(`<div></div>`).appendTo(box);
	new frappe.Chart(holder.get(0), {
		type: CHART_TYPES[item.display] || "bar",
		data: item.value,
		height: 220,
		colors: ["blue", "green", "orange", "violet", "red", "grey"],
		maxSlices: 6,
		truncateLegends: 1,
		axisOptions: { xIsSeries: item.display === "Line", shortenYAxisNumbers: 1 },
		lineOptions: { hideDots: 1, regionFill: 1 },
	});
}

function table(box, item) {
	const heads = item.value.columns.map((column) => `<th>${frappe.utils.escape_html(column.label)}</th>`).join("");
	const rows = item.value.rows.map(
		(row) => `<tr>${item.value.columns.map((column) => `<td>${cell(column, row)}</td>`).join("")}</tr>`
	);
	box.append(`<div class="metrics-table"><table class="table table-sm"><thead><tr>${heads}</tr></thead>
		<tbody>${rows.join("")}</tbody></table></div>`);
	if (item.value.total > item.value.rows.length) {
		$(`<p class="text-muted small"></p>`)
			.text(__("{0} of {1}", [item.value.rows.length, item.value.total]))
			.appendTo(box);
	}
}

function cell(column, row) {
	const value = row[column.fieldname];
	if (value === null || value === undefined) return "";
	const doctype = column.fieldtype === "Dynamic Link" ? row[column.options] : column.options;
	if (["Link", "Dynamic Link"].includes(column.fieldtype) && doctype) {
		return `<a href="${frappe.utils.get_form_link(doctype, value)}">${frappe.utils.escape_html(String(value))}</a>`;
	}
	return frappe.format(frappe.utils.escape_html(String(value)), { ...column }, { inline: true }, row);
}

function unit(item) {
	return item.unit ? $(`<small></small>`).text(` ${item.unit}`) : "";
}

function written(value) {
	return format_number(value, null, Number.isInteger(value) ? 0 : 2);
}
