// Applying for leave: the days counted and the balance after it are shown before the application is sent.
orchestrator.my_day.PREVIEW_DELAY_MILLISECONDS = 300;

orchestrator.my_day.LeaveDialog = class LeaveDialog {
	constructor(forecast, on_applied) {
		this.on_applied = on_applied;
		this.types = [...forecast.balances.map((each) => each.leave_type), ...forecast.without_allocation];
		this.asked = 0;
		const ask = frappe.utils.debounce(() => this.preview(), orchestrator.my_day.PREVIEW_DELAY_MILLISECONDS);
		this.dialog = new frappe.ui.Dialog({
			title: __("Apply for Leave"),
			fields: this.build_fields(ask),
			primary_action_label: __("Apply"),
			primary_action: (values) => this.apply(values),
		});
		this.result = this.dialog.get_field("preview").$wrapper.addClass("my-day-preview").attr("aria-live", "polite");
		this.dialog.show();
		ask();
	}

	build_fields(change) {
		const today = frappe.datetime.get_today();
		return [
			{
				fieldtype: "Select",
				fieldname: "leave_type",
				label: __("Leave Type"),
				options: this.types.map((name) => ({ value: name, label: __(name) })),
				default: this.types[0],
				reqd: 1,
				change,
			},
			{ fieldtype: "Section Break" },
			{ fieldtype: "Date", fieldname: "from_date", label: __("From Date"), default: today, reqd: 1, change },
			{ fieldtype: "Column Break" },
			{ fieldtype: "Date", fieldname: "to_date", label: __("To Date"), default: today, reqd: 1, change },
			{ fieldtype: "Section Break" },
			{ fieldtype: "Check", fieldname: "half_day", label: __("Half Day"), change },
			{
				fieldtype: "Date",
				fieldname: "half_day_date",
				label: __("Half Day Date"),
				depends_on: "eval:doc.half_day && doc.from_date !== doc.to_date",
				change,
			},
			{ fieldtype: "HTML", fieldname: "preview" },
			{ fieldtype: "Small Text", fieldname: "reason", label: __("Reason") },
		];
	}

	build_request() {
		const values = this.dialog.get_values(true) || {};
		const { leave_type, from_date, to_date } = values;
		const request = { leave_type, from_date, to_date };
		if (values.half_day) {
			request.half_day = true;
			request.half_day_date = from_date === to_date ? from_date : values.half_day_date;
		}
		return request;
	}

	find_mistake(request) {
		if (!request.leave_type || !request.from_date || !request.to_date) return __("Choose a leave type and dates.");
		if (request.to_date < request.from_date) return __("The last day is before the first.");
		if (request.half_day && !request.half_day_date) return __("Choose which day is the half day.");
		return null;
	}

	async preview() {
		const request = this.build_request();
		const number = ++this.asked;
		const mistake = this.find_mistake(request);
		if (mistake) return this.show(mistake, true);
		const preview = await orchestrator.my_day.fetch("my_day.preview_leave", request);
		if (number === this.asked) this.render(preview);
	}

	show(text, is_problem) {
		this.result.empty();
		$(`<p></p>`).toggleClass("my-day-problem", is_problem).text(text).appendTo(this.result);
		this.dialog.get_primary_btn().prop("disabled", is_problem);
	}

	render(preview) {
		const { format_days } = orchestrator.my_day;
		this.show(preview.problem || __("This can be requested."), Boolean(preview.problem));
		const facts = [[__("Days Counted"), format_days(preview.days)]];
		if (preview.holidays) facts.push([__("Holidays Left Out"), format_days(preview.holidays)]);
		if (preview.balance_after !== null) {
			facts.push([__("Available"), format_days(preview.balance)]);
			if (preview.pending) facts.push([__("Waiting for Approval"), format_days(preview.pending)]);
			facts.push([__("Balance After"), format_days(preview.balance_after)]);
		}
		if (preview.leave_approver) facts.push([__("Leave Approver"), frappe.user.full_name(preview.leave_approver)]);
		const list = $(`<dl></dl>`).prependTo(this.result);
		for (const [label, value] of facts) list.append($(`<dt></dt>`).text(label), $(`<dd></dd>`).text(value));
	}

	async apply({ reason }) {
		const request = this.build_request();
		const mistake = this.find_mistake(request);
		if (mistake) return this.show(mistake, true);
		await orchestrator.my_day.send("apply_leave", { ...request, reason: reason || "" });
		this.dialog.hide();
		frappe.show_alert({ message: __("Leave requested"), indicator: "green" });
		this.on_applied();
	}
};
