// The secret address at which a calendar program reads who is out.
orchestrator.my_day.CalendarFeed = class CalendarFeed {
	constructor(parent) {
		this.card = orchestrator.my_day.make_card(parent, __("Calendar Subscription"), "feed");
		this.body = this.card.find(".my-day-body");
	}

	async load() {
		this.render(await orchestrator.my_day.fetch("calendar_feed.get_feed"));
	}

	render(feed) {
		this.body.empty();
		const text = feed.enabled
			? __("Your calendar program reads who is out at an address made on {0}.", [frappe.datetime.str_to_user(feed.renewed_on.replace("T", " "))])
			: __("Read who is out in your own calendar program. It shows names and days, and never the type of leave.");
		$(`<p class="my-day-note"></p>`).text(text).appendTo(this.body);
		const actions = $(`<div class="my-day-actions"></div>`).appendTo(this.body);
		if (feed.enabled) {
			this.add_button(actions, __("New Address"), () => this.confirm_renewal());
			this.add_button(actions, __("Revoke"), () => this.revoke());
		} else this.add_button(actions, __("Create Address"), () => this.renew());
	}

	add_button(actions, label, action) {
		$(`<button type="button" class="btn btn-sm btn-default"></button>`).text(label).on("click", action).appendTo(actions);
	}

	confirm_renewal() {
		frappe.confirm(__("The present address will stop working. Continue?"), () => this.renew());
	}

	async renew() {
		const feed = await orchestrator.my_day.send("calendar_feed.renew_feed");
		this.render(feed);
		const dialog = new frappe.ui.Dialog({
			title: __("Calendar Address"),
			fields: [
				{ fieldtype: "Data", fieldname: "address", label: __("Address"), default: feed.address, read_only: 0 },
				{ fieldtype: "HTML", fieldname: "help" },
			],
			primary_action_label: __("Copy"),
			primary_action: () => frappe.utils.copy_to_clipboard(feed.address),
		});
		dialog.get_field("address").$input.prop("readonly", true);
		const help = __("Add it to your calendar program as a subscription. It is shown only now. Whoever has it sees what you may see, so keep it secret.");
		$(`<p class="my-day-note"></p>`).text(help).appendTo(dialog.get_field("help").$wrapper);
		dialog.show();
	}

	revoke() {
		frappe.confirm(__("Calendar programs will no longer see who is out. Continue?"), async () =>
			this.render(await orchestrator.my_day.send("calendar_feed.revoke_feed"))
		);
	}
};
