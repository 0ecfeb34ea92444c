// Who is out in a month: on wide screens people against days, on a phone a list.
orchestrator.my_day.TeamCalendar = class TeamCalendar {
	constructor(parent) {
		this.card = orchestrator.my_day.make_card(parent, __("Who Is Out"), "calendar");
		this.body = this.card.find(".my-day-body");
		this.month = frappe.datetime.get_today().slice(0, 7);
		const tools = $(`<div class="my-day-months"></div>`).appendTo(this.card.find("header"));
		this.add_step(tools, "left", __("Previous Month"), -1);
		this.label = $(`<span aria-live="polite"></span>`).appendTo(tools);
		this.add_step(tools, "right", __("Next Month"), 1);
	}

	add_step(tools, direction, label, months) {
		$(`<button type="button" class="btn btn-xs btn-default"></button>`)
			.html(frappe.utils.icon(direction, "sm"))
			.attr({ "aria-label": label, title: label })
			.on("click", () => {
				this.month = moment(`${this.month}-01`).add(months, "months").format("YYYY-MM");
				this.load();
			})
			.appendTo(tools);
	}

	async load() {
		const month = this.month;
		this.label.text(moment(`${month}-01`).format("MMMM YYYY"));
		const calendar = await orchestrator.my_day.fetch("my_day.get_team_calendar", { month });
		if (month === this.month) this.render(calendar);
	}

	render(calendar) {
		this.body.empty();
		const free = new Map(calendar.holidays.map((day) => [day.date, day.description]));
		if (calendar.absences.length) {
			this.render_grid(calendar, free);
			this.render_list(calendar);
		} else orchestrator.my_day.show_empty(this.body, __("Nobody is out in this month, as far as you may see."));
		const holidays = calendar.holidays.filter((day) => !day.weekly_off);
		if (holidays.length) {
			const names = holidays.map((day) => `${orchestrator.my_day.format_date(day.date)} ${day.description}`);
			$(`<p class="my-day-note"></p>`).text(__("Holidays: {0}", [names.join(", ")])).appendTo(this.body);
		}
		if (calendar.has_more) $(`<p class="my-day-note"></p>`).text(__("There is more leave than fits here.")).appendTo(this.body);
	}

	render_grid(calendar, free) {
		const days = orchestrator.my_day.list_days(calendar.from_date, calendar.to_date);
		const table = $(`<table class="my-day-grid"><thead><tr></tr></thead><tbody></tbody></table>`);
		$(`<th scope="col"></th>`).text(__("Employee")).appendTo(table.find("tr"));
		const today = frappe.datetime.get_today();
		for (const day of days) {
			$(`<th scope="col"></th>`)
				.text(Number(day.slice(8)))
				.toggleClass("is-free", free.has(day))
				.toggleClass("is-today", day === today)
				.attr("title", moment(day).format("dddd, LL"))
				.appendTo(table.find("tr"));
		}
		for (const [name, absences] of orchestrator.my_day.group_by_person(calendar.absences)) {
			const row = $(`<tr><th scope="row"></th></tr>`).appendTo(table.find("tbody"));
			row.find("th").text(name);
			for (const day of days) this.add_cell(row, day, absences, free);
		}
		$(`<div class="my-day-scroll" tabindex="0"></div>`).append(table).appendTo(this.body);
	}

	add_cell(row, day, absences, free) {
		const cell = $(`<td></td>`).toggleClass("is-free", free.has(day)).appendTo(row);
		const absence = absences.find((each) => each.from_date <= day && day <= each.to_date);
		if (!absence) return;
		const text = orchestrator.my_day.describe_absence(absence);
		$(`<span class="my-day-mark"></span>`)
			.toggleClass("is-pending", absence.is_pending)
			.toggleClass("is-half", absence.half_day_date === day)
			.attr({ title: text, role: "img", "aria-label": text })
			.appendTo(cell);
	}

	render_list(calendar) {
		const list = $(`<ul class="my-day-list my-day-agenda"></ul>`).appendTo(this.body);
		for (const absence of calendar.absences) {
			const line = $(`<li><div><b></b><p></p></div></li>`).appendTo(list);
			line.find("b").text(absence.employee_name);
			line.find("p").text(orchestrator.my_day.describe_absence(absence));
		}
	}
};

orchestrator.my_day.list_days = (first, last) => {
	const days = [];
	for (let day = first; day <= last; day = frappe.datetime.add_days(day, 1)) days.push(day);
	return days;
};

orchestrator.my_day.group_by_person = (absences) => {
	const people = new Map();
	for (const absence of absences) {
		const key = absence.employee || absence.employee_name;
		if (!people.has(key)) people.set(key, [absence.employee_name, []]);
		people.get(key)[1].push(absence);
	}
	return [...people.values()];
};

orchestrator.my_day.describe_absence = (absence) => {
	const parts = [orchestrator.my_day.format_period(absence.from_date, absence.to_date)];
	if (absence.leave_type) parts.push(__(absence.leave_type));
	if (absence.half_day_date) parts.push(__("half a day on {0}", [orchestrator.my_day.format_date(absence.half_day_date)]));
	if (absence.is_pending) parts.push(__("not yet approved"));
	return parts.join(" · ");
};
