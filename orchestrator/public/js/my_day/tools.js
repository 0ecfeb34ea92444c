// What the parts of the page My Day have in common: calls, cards, and formats of days and hours.
frappe.provide("orchestrator.my_day");

orchestrator.my_day.fetch = async (method, args = {}) => {
	const reply = await frappe.call({ method: `orchestrator.hr.${method}`, type: "GET", args });
	return reply.data;
};

orchestrator.my_day.send = async (method, args = {}) => {
	const reply = await frappe.call({ method: `orchestrator.hr.${method}`, type: "POST", args, freeze: true });
	return reply.data;
};

orchestrator.my_day.make_card = (parent, title, name) => {
	const id = `my-day-${name}`;
	const card = $(`<section class="my-day-card"><header><h3></h3></header><div class="my-day-body"></div></section>`);
	card.attr({ "aria-labelledby": id, "data-card": name }).find("h3").attr("id", id).text(title);
	return card.appendTo(parent);
};

orchestrator.my_day.show_empty = (body, text) => $(`<p class="my-day-empty"></p>`).text(text).appendTo(body.empty());

orchestrator.my_day.format_days = (days) => {
	const text = format_number(days, null, Number.isInteger(days) ? 0 : 1);
	return days === 1 ? __("{0} day", [text]) : __("{0} days", [text]);
};

orchestrator.my_day.format_hours = (hours) => {
	const minutes = Math.floor(hours * 60 + 0.01);
	return __("{0} h {1} min", [Math.floor(minutes / 60), String(minutes % 60).padStart(2, "0")]);
};

// A time of the site's time zone, as the API has it.
orchestrator.my_day.format_time = (iso) => frappe.datetime.str_to_user(iso.slice(11, 19), true);

orchestrator.my_day.format_date = (day) => frappe.datetime.str_to_user(day);

orchestrator.my_day.format_period = (first, last) => {
	const { format_date } = orchestrator.my_day;
	return first === last ? format_date(first) : __("{0} to {1}", [format_date(first), format_date(last)]);
};

orchestrator.my_day.STATUS_COLORS = { Open: "orange", Approved: "green", Rejected: "red", Cancelled: "gray" };

orchestrator.my_day.make_status_pill = (status) =>
	$(`<span class="indicator-pill"></span>`).addClass(orchestrator.my_day.STATUS_COLORS[status] || "gray").text(__(status));
