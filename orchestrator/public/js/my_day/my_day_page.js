// The page My Day: an employee's punches, leave and team on one screen.
orchestrator.my_day.MyDayPage = class MyDayPage {
	constructor(page) {
		const { TodayCard, BalanceCard, WaitingRequests, OwnRequests, TeamCalendar, CalendarFeed } = orchestrator.my_day;
		this.page = page;
		const board = $(`<div class="my-day"></div>`).appendTo(page.main);
		const reload = () => this.load();
		this.today = new TodayCard(board, reload);
		this.balances = new BalanceCard(board);
		this.waiting = new WaitingRequests(board, reload);
		this.calendar = new TeamCalendar(board);
		this.requests = new OwnRequests(board, reload);
		this.feed = new CalendarFeed(board);
		page.set_secondary_action(__("Refresh"), reload, { icon: "refresh" });
		$(page.wrapper).on("hide", () => this.today.stop());
	}

	show() {
		this.load();
		this.feed.load();
	}

	async load() {
		this.calendar.load();
		const day = await orchestrator.my_day.fetch("my_day.get_my_day", { projected_to: this.balances.until });
		this.page.set_title_sub(day.profile ? day.profile.employee_name : "");
		this.today.render(day.work);
		this.balances.render(day.leave);
		this.waiting.render(day.to_approve, day.to_approve_total);
		this.requests.render(day.applications);
		this.set_apply(day.leave);
	}

	set_apply(forecast) {
		if (!forecast || !frappe.model.can_create("Leave Application")) return this.page.clear_primary_action();
		const open = () => new orchestrator.my_day.LeaveDialog(forecast, () => this.load());
		this.page.set_primary_action(__("Apply for Leave"), open, "add"); // the icon stands for it on a phone
	}
};
