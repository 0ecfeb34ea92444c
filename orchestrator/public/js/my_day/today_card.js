// Punching in and out, and the hours of the day so far.
orchestrator.my_day.TICK_MILLISECONDS = 15000;

orchestrator.my_day.TodayCard = class TodayCard {
	constructor(parent, reload) {
		this.reload = reload;
		this.card = orchestrator.my_day.make_card(parent, __("Today"), "today");
		this.body = this.card.find(".my-day-body");
	}

	render(work) {
		clearInterval(this.timer);
		if (!work) {
			const text = __("Your user is not linked to an employee, so you cannot check in. Ask HR to enter it in your employee record.");
			return orchestrator.my_day.show_empty(this.body, text);
		}
		this.work = work;
		this.loaded_at = Date.now();
		this.body.empty();
		this.clock = $(`<p class="my-day-clock" role="timer"></p>`).appendTo(this.body);
		this.note = $(`<p class="my-day-note"></p>`).text(this.describe()).appendTo(this.body);
		this.make_button();
		this.make_punches();
		this.tick();
		this.timer = setInterval(() => this.tick(), orchestrator.my_day.TICK_MILLISECONDS);
	}

	describe() {
		const { format_time, format_date } = orchestrator.my_day;
		const { checked_in_since: since, forgotten_in: forgotten, day } = this.work;
		if (since && since.slice(0, 10) !== frappe.datetime.get_today())
			return __("Checked in since {0}, {1}", [format_date(since.slice(0, 10)), format_time(since)]);
		if (since) return __("Checked in since {0}", [format_time(since)]);
		if (forgotten)
			return __("You did not check out after {0}, {1}. Ask HR to enter it.", [format_date(forgotten.slice(0, 10)), format_time(forgotten)]);
		return day.punches.length ? __("Checked out") : __("Not checked in yet");
	}

	tick() {
		const running = this.work.checked_in_since ? (Date.now() - this.loaded_at) / 3600000 : 0;
		this.clock.text(orchestrator.my_day.format_hours(this.work.hours_so_far + running));
	}

	make_button() {
		const is_in = this.work.next_punch === "IN";
		this.button = $(`<button type="button" class="btn btn-lg my-day-punch"></button>`)
			.addClass(is_in ? "btn-primary" : "btn-default")
			.text(is_in ? __("Check In") : __("Check Out"))
			.on("click", () => this.punch(is_in ? "check_in" : "check_out"))
			.appendTo(this.body);
	}

	make_punches() {
		const list = $(`<ul class="my-day-punches"></ul>`).attr("aria-label", __("Check-ins and check-outs")).appendTo(this.body);
		for (const punch of this.work.day.punches) {
			const line = $(`<li><span class="indicator-pill"></span> <span></span></li>`).appendTo(list);
			const is_in = punch.log_type === "IN";
			line.find(".indicator-pill").addClass(is_in ? "green" : "gray").text(is_in ? __("In", null, "Employee Checkin") : __("Out", null, "Employee Checkin"));
			line.find("span:last").text(orchestrator.my_day.format_time(punch.time));
		}
		const own_zone = frappe.boot.time_zone && frappe.boot.time_zone.user;
		if (own_zone && own_zone !== this.work.day.time_zone)
			$(`<p class="my-day-note"></p>`).text(__("Times are in {0}.", [this.work.day.time_zone])).appendTo(this.body);
	}

	async punch(method) {
		this.button.prop("disabled", true);
		try {
			const place = this.work.needs_location ? await this.find_place() : {};
			const punch = await orchestrator.my_day.send(method, place);
			const text = method === "check_in" ? __("Checked in at {0}") : __("Checked out at {0}");
			const at = orchestrator.my_day.format_time(punch.time);
			frappe.show_alert({ message: text.replace("{0}", at), indicator: "green" });
		} finally {
			this.button.prop("disabled", false);
			this.reload();
		}
	}

	find_place() {
		return new Promise((resolve, reject) => {
			const refuse = () => {
				frappe.msgprint(__("This site records where you check in. Allow your browser to share your location, and try again."));
				reject(new Error("no location"));
			};
			if (!navigator.geolocation) return refuse();
			const accept = ({ coords }) => resolve({ latitude: coords.latitude, longitude: coords.longitude });
			navigator.geolocation.getCurrentPosition(accept, refuse, { timeout: 15000 });
		});
	}

	stop() {
		clearInterval(this.timer);
	}
};
