// One item of a dashboard. Newer values are shown in place: scroll, focus and size stay.
frappe.provide("orchestrator.metrics");

(() => {
	const SPANS = { Quarter: 3, Third: 4, Half: 6, "Two Thirds": 8, Full: 12 };
	const NAMES = { dates: __("the dates"), facility: __("the facility") };

	orchestrator.metrics.Widget = class Widget {
		constructor(parent, item) {
			this.box = $(`<section class="metrics-item"><h4></h4><div class="metrics-content"></div></section>`);
			this.box.attr("data-metric", item.name).css("grid-column", `span ${SPANS[item.width] || 3}`);
			this.box.toggleClass("is-number", item.kind === "number").appendTo(parent);
			this.title = this.box.children("h4");
			this.content = this.box.children(".metrics-content");
			this.update(item);
		}

		update(item) {
			// An unchanged item is left in place, so that nothing flickers.
			const { refreshed_at, ...fields } = item;
			const text = JSON.stringify(fields);
			if (this.text === text) return;
			const value = JSON.stringify(item.value);
			if (this.text) this.highlight(this.value !== value);
			Object.assign(this, { text, value });
			this.title.text(item.label);
			this.box.toggleClass("is-stale", item.stale);
			this.show(item);
			// The number of a box leads to its records, as its title does; parts of a chart lead to their own.
			orchestrator.metrics.link_to_records(item.kind === "number" ? this.box : this.title, item);
			if (item.stale) this.box.attr("title", __("A newer value may be available. Use Refresh to compute it."));
		}

		highlight(is_new) {
			this.box.removeClass("is-new");
			if (is_new) requestAnimationFrame(() => this.box.addClass("is-new"));
		}

		show(item) {
			const form = JSON.stringify([item.kind, item.display, item.value === null, item.error, item.ignored_filters]);
			const is_same = this.form === form && item.value !== null;
			this.form = form;
			if (is_same && this.redraw?.(item)) return;
			this.keep_place(() => this.render(item));
		}

		render(item) {
			this.content.empty();
			this.redraw = null;
			if (item.value !== null) this.redraw = RENDERERS[item.kind](this.content, item);
			else if (!item.error) this.content.append(`<p class="metrics-number">–</p>`);
			if (item.error) {
				const style = item.error.type === "PermissionError" ? "metrics-hidden" : "metrics-error";
				$(`<p></p>`).addClass(style).text(item.error.message).appendTo(this.content);
			} else if (item.ignored_filters.length) {
				const names = item.ignored_filters.map((name) => NAMES[name]);
				$(`<p class="metrics-note"></p>`)
					.text(__("Not limited by {0}", [frappe.utils.comma_and(names)]))
					.appendTo(this.content);
			}
		}

		// Renders the content anew, with the scroll position, the focus and the height that it had.
		keep_place(render) {
			const links = () => this.content.find("a, [tabindex]").get();
			const focused = links().indexOf(document.activeElement);
			const scrolled = this.content.find(".metrics-table").get(0);
			const { scrollLeft: left = 0, scrollTop: top = 0 } = scrolled || {};
			this.content.css("min-height", `${this.content.height()}px`);
			render();
			this.content.find(".metrics-table").scrollLeft(left).scrollTop(top);
			if (focused >= 0) (links()[focused] || this.title.get(0)).focus({ preventScroll: true });
			// a chart draws itself in several steps
			setTimeout(() => this.content.css("min-height", ""), 1000);
		}
	};

	const RENDERERS = {
		number: render_number,
		series: orchestrator.metrics.render_series,
		table: orchestrator.metrics.render_table,
	};

	function render_number(box, item) {
		const number = $(`<p class="metrics-number"></p>`).appendTo(box);
		const change = $(`<p class="metrics-change"></p>`).appendTo(box);
		const update = (newer) => {
			number.text(orchestrator.metrics.format_value(newer.value));
			if (newer.unit) $(`<small></small>`).text(` ${newer.unit}`).appendTo(number);
			render_change(change, newer);
			return true;
		};
		update(item);
		return update;
	}

	function render_change(box, item) {
		const { format_value } = orchestrator.metrics;
		box.toggle(item.change !== null).removeClass("is-better is-worse");
		if (item.change === null) return;
		const percent = item.change_percent === null ? "" : ` (${format_value(item.change_percent)} %)`;
		const better = item.direction === (item.change > 0 ? "up" : "down");
		if (item.direction && item.change) box.addClass(better ? "is-better" : "is-worse");
		const sign = item.change > 0 ? "▲" : item.change < 0 ? "▼" : "=";
		box.text(`${sign} ${format_value(Math.abs(item.change))}${percent}`);
	}
})();
