// Balances of all leave types, projected to a date that the reader chooses.
orchestrator.my_day.BalanceCard = class BalanceCard {
	constructor(parent) {
		this.card = orchestrator.my_day.make_card(parent, __("Leave Balances"), "balances");
		this.body = this.card.find(".my-day-body");
		this.until = moment(frappe.datetime.get_today()).endOf("year").format("YYYY-MM-DD");
		this.field = frappe.ui.form.make_control({
			parent: $(`<div class="my-day-until"></div>`).appendTo(this.card.find("header")),
			df: {
				fieldtype: "Date",
				fieldname: "projected_to",
				label: __("Projected To"),
				change: () => this.load(),
			},
			render_input: true,
		});
		this.field.set_value(this.until);
		this.field.$input.attr("aria-label", __("Projected To"));
	}

	async load() {
		const until = this.field.get_value();
		if (!until || until === this.until || !this.forecast) return;
		if (until < frappe.datetime.get_today()) {
			frappe.show_alert({ message: __("Choose today or a later date."), indicator: "orange" });
			return this.field.set_value(this.until);
		}
		this.until = until;
		this.render(await orchestrator.my_day.fetch("my_day.get_leave_forecast", { projected_to: until }));
	}

	render(forecast) {
		this.forecast = forecast;
		if (!forecast) return orchestrator.my_day.show_empty(this.body, __("Balances are shown to employees."));
		if (!forecast.balances.length)
			return orchestrator.my_day.show_empty(this.body, __("No leave is allocated to you. Ask HR to allocate leave."));
		const table = $(`<table class="my-day-balances"><thead><tr></tr></thead><tbody></tbody></table>`);
		const heads = [__("Leave Type"), __("Available"), __("Pending"), __("On {0}", [orchestrator.my_day.format_date(forecast.projected_to)])];
		for (const head of heads) $(`<th scope="col"></th>`).text(head).appendTo(table.find("tr"));
		for (const balance of forecast.balances) this.add_row(table.find("tbody"), balance);
		this.body.empty().append(table);
	}

	add_row(body, balance) {
		const { format_date } = orchestrator.my_day;
		const row = $(`<tr><th scope="row"><b></b><small></small></th><td></td><td></td><td><b></b><small></small></td></tr>`).appendTo(body);
		row.find("th b").text(__(balance.leave_type));
		row.find("th small").text(this.describe(balance));
		const show = (value) => this.format(value);
		row.find("td").eq(0).text(show(balance.balance));
		row.find("td").eq(1).text(balance.pending ? show(balance.pending) : "–");
		row.find("td b").text(show(balance.projected));
		if (balance.earned) row.find("td small").text(__("{0} to be earned", [show(balance.earned)]));
		row.find("td").eq(0).attr("title", balance.expires_on ? __("Until {0}", [format_date(balance.expires_on)]) : "");
	}

	format(days) {
		return format_number(days, null, Number.isInteger(days) ? 0 : 1);
	}

	describe(balance) {
		const { format_date } = orchestrator.my_day;
		const used = __("{0} of {1} used", [this.format(balance.used), this.format(balance.allocated)]);
		return balance.expires_on ? __("{0}, until {1}", [used, format_date(balance.expires_on)]) : used;
	}
};
