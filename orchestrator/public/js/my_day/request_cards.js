// The reader's own applications, and those that wait for the reader's decision.
orchestrator.my_day.ApplicationCard = class ApplicationCard {
	constructor(parent, title, name, reload) {
		this.reload = reload;
		this.card = orchestrator.my_day.make_card(parent, title, name);
		this.body = this.card.find(".my-day-body");
	}

	make_line(list, row, title) {
		const { format_days, format_period, make_status_pill } = orchestrator.my_day;
		const line = $(`<li><div><a></a><p></p></div><div class="my-day-actions"></div></li>`).appendTo(list);
		line.attr("data-name", row.leave_application);
		line.find("a").text(title).attr("href", frappe.utils.get_form_link("Leave Application", row.leave_application));
		const days = `${format_period(row.from_date, row.to_date)} · ${format_days(row.total_leave_days)}`;
		line.find("p").text(row.reason ? `${days} · ${row.reason}` : days);
		line.find(".my-day-actions").append(make_status_pill(row.status));
		return line.find(".my-day-actions");
	}

	add_button(actions, label, style, action) {
		$(`<button type="button" class="btn btn-xs"></button>`).addClass(style).text(label).on("click", action).appendTo(actions);
	}

	async decide(method, name, values, message) {
		await orchestrator.my_day.send(method, { leave_application: name, ...values });
		frappe.show_alert({ message, indicator: "green" });
		this.reload();
	}
};

orchestrator.my_day.OwnRequests = class OwnRequests extends orchestrator.my_day.ApplicationCard {
	constructor(parent, reload) {
		super(parent, __("My Requests"), "requests", reload);
	}

	render(applications) {
		if (!applications.length) return orchestrator.my_day.show_empty(this.body, __("You have not applied for leave yet."));
		const list = $(`<ul class="my-day-list"></ul>`).appendTo(this.body.empty());
		for (const row of applications) {
			const actions = this.make_line(list, row, __(row.leave_type));
			if (row.status === "Open") this.add_button(actions, __("Withdraw"), "btn-default", () => this.withdraw(row));
		}
	}

	withdraw(row) {
		const question = __("Withdraw this request for {0}?", [orchestrator.my_day.format_period(row.from_date, row.to_date)]);
		frappe.confirm(question, () => this.decide("cancel_leave", row.leave_application, {}, __("Request withdrawn")));
	}
};

orchestrator.my_day.WaitingRequests = class WaitingRequests extends orchestrator.my_day.ApplicationCard {
	constructor(parent, reload) {
		super(parent, __("Waiting for Your Decision"), "waiting", reload);
	}

	render(applications, total) {
		this.card.toggle(total > 0);
		const list = $(`<ul class="my-day-list"></ul>`).appendTo(this.body.empty());
		for (const row of applications) {
			const actions = this.make_line(list, row, `${row.employee_name}: ${__(row.leave_type)}`);
			actions.empty();
			this.add_button(actions, __("Approve"), "btn-primary", () => this.approve(row));
			this.add_button(actions, __("Reject"), "btn-default", () => this.reject(row));
		}
		if (total > applications.length)
			$(`<p class="my-day-note"></p>`).text(__("{0} more are waiting.", [total - applications.length])).appendTo(this.body);
	}

	approve(row) {
		const question = __("Approve the leave of {0}, {1}?", [
			frappe.utils.escape_html(row.employee_name),
			orchestrator.my_day.format_period(row.from_date, row.to_date),
		]);
		frappe.confirm(question, () => this.decide("approve_leave", row.leave_application, {}, __("Leave approved")));
	}

	reject(row) {
		const dialog = new frappe.ui.Dialog({
			title: __("Reject Leave"),
			fields: [{ fieldtype: "Small Text", fieldname: "note", label: __("Reason, for the employee") }],
			primary_action_label: __("Reject"),
			primary_action: ({ note }) => {
				dialog.hide();
				this.decide("reject_leave", row.leave_application, { note: note || "" }, __("Leave rejected"));
			},
		});
		dialog.show();
	}
};
