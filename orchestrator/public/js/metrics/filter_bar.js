// The filters of a dashboard, kept in the address of the page.
frappe.provide("orchestrator.metrics");

(() => {
	const KEYS = ["from_date", "to_date", "facility"];
	const CUSTOM = "Custom";
	const PERIODS = {
		"Last 7 Days": () => [frappe.datetime.add_days(frappe.datetime.get_today(), -6), frappe.datetime.get_today()],
		"Last 30 Days": () => [frappe.datetime.add_days(frappe.datetime.get_today(), -29), frappe.datetime.get_today()],
		"This Month": () => [frappe.datetime.month_start(), frappe.datetime.get_today()],
		"Last Month": () => get_last_month(),
		"This Year": () => [`${frappe.datetime.get_today().slice(0, 4)}-01-01`, frappe.datetime.get_today()],
	};

	function get_last_month() {
		const last = frappe.datetime.add_days(frappe.datetime.month_start(), -1);
		return [`${last.slice(0, 8)}01`, last];
	}

	orchestrator.metrics.FilterBar = class FilterBar {
		constructor(parent, on_change) {
			this.on_change = on_change;
			this.filters = {};
			this.bar = $(`<div class="metrics-filters" role="group"></div>`).attr("aria-label", __("Filters"));
			this.bar.appendTo(parent).hide();
			this.make_controls();
			this.clear = $(`<button class="btn btn-default btn-sm metrics-clear"></button>`)
				.text(__("Clear Filters"))
				.on("click", () => this.set({}))
				.appendTo(this.bar);
		}

		make_controls() {
			const options = ["", ...Object.keys(PERIODS), CUSTOM].map((value) => ({ value, label: __(value || "Period of Each Figure") }));
			this.period = this.make("Select", "period", __("Period"), { options }, () => this.choose_period());
			this.dates = this.make("DateRange", "dates", __("From – To"), {}, () => this.choose_dates());
			this.facility = this.make("Link", "facility", __("Facility"), { options: "Facility" }, () =>
				this.apply({ ...this.filters, facility: this.facility.get_value() || undefined })
			);
		}

		make(fieldtype, fieldname, label, df, change) {
			const parent = $(`<div class="metrics-filter"></div>`).attr("data-filter", fieldname).appendTo(this.bar);
			const control = frappe.ui.form.make_control({
				parent,
				df: { fieldtype, fieldname, label, placeholder: label, ...df, change: () => this.is_setting || change() },
				render_input: true,
				only_input: true,
			});
			control.refresh();
			parent.find("input, select").attr("aria-label", label);
			return control;
		}

		choose_period() {
			const period = this.period.get_value();
			this.bar.find("[data-filter=dates]").toggle(period === CUSTOM);
			if (period === CUSTOM) return this.dates.$input?.trigger("focus");
			const [from_date, to_date] = PERIODS[period]?.() || [];
			this.apply({ ...this.filters, from_date, to_date });
		}

		choose_dates() {
			const [from_date, to_date] = this.dates.get_value() || [];
			if (!from_date || to_date) this.apply({ ...this.filters, from_date, to_date });
		}

		apply(filters) {
			const chosen = Object.fromEntries(KEYS.filter((key) => filters[key]).map((key) => [key, filters[key]]));
			if (JSON.stringify(chosen) === JSON.stringify(this.filters)) return;
			this.filters = chosen;
			this.clear.toggle(KEYS.some((key) => chosen[key]));
			this.write_address();
			this.on_change();
		}

		// Shows filters in the controls, and applies them.
		async set(filters) {
			this.is_setting = true;
			const { from_date, to_date, facility } = filters;
			const known = Object.keys(PERIODS).find((name) => String(PERIODS[name]()) === String([from_date, to_date]));
			const period = from_date ? known || CUSTOM : "";
			await Promise.all([
				this.period.set_value(period),
				this.dates.set_value(from_date ? [from_date, to_date || frappe.datetime.get_today()] : null),
				this.facility.set_value(facility || ""),
			]);
			this.bar.find("[data-filter=dates]").toggle(period === CUSTOM);
			this.clear.toggle(KEYS.some((key) => filters[key]));
			this.is_setting = false;
			this.apply(filters);
		}

		// Filters of an address that somebody opened. Without any, those chosen before stay.
		read_address() {
			const query = new URLSearchParams(window.location.search);
			const given = { ...frappe.route_options, ...Object.fromEntries(query) };
			frappe.route_options = null;
			this.subscription = given.subscription;
			const filters = Object.fromEntries(KEYS.filter((key) => given[key]).map((key) => [key, String(given[key])]));
			return Object.keys(filters).length ? filters : null;
		}

		// Whether the address, opened from a mail, asks for the subscriptions; once.
		take_subscription() {
			const asked = Boolean(this.subscription);
			this.subscription = null;
			return asked;
		}

		write_address() {
			const query = new URLSearchParams(this.filters).toString();
			const { pathname, hash } = window.location;
			window.history.replaceState(null, null, `${pathname}${query ? `?${query}` : ""}${hash}`);
		}

		// Shows the filters that an item of the dashboard applies, and that the reader may choose.
		show_available(names) {
			const shown = { dates: names.includes("dates"), facility: names.includes("facility") && frappe.model.can_read("Facility") };
			this.bar.toggle(shown.dates || shown.facility || Object.keys(this.filters).length > 0);
			this.bar.find("[data-filter=period]").toggle(shown.dates);
			this.bar.find("[data-filter=dates]").toggle(shown.dates && this.period.get_value() === CUSTOM);
			this.bar.find("[data-filter=facility]").toggle(shown.facility);
			this.clear.toggle(Object.keys(this.filters).length > 0);
		}
	};
})();
