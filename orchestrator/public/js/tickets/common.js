// What lists and forms of tickets have in common: calls, times, and countdowns in words.
// orchestrator/helpdesk/countdown_text.py writes the same words.
frappe.provide("orchestrator.tickets");

(() => {
	const tickets = orchestrator.tickets;
	const MINUTE = 60;
	const HOUR = 60 * MINUTE;
	const COLORS = { on_track: "green", at_risk: "orange", breached: "red", paused: "blue", met: "green" };

	tickets.fetch = async (method, args = {}) => {
		const reply = await frappe.call({ method: `orchestrator.helpdesk.${method}`, args });
		return reply.data;
	};

	tickets.send = async (method, args = {}) => {
		const reply = await frappe.call({ method: `orchestrator.helpdesk.${method}`, args, freeze: true });
		return reply.data;
	};

	// Whether the user handles such tickets; the server decides. A customer may open their own HD Ticket in Desk.
	tickets.is_staff = (doctype) =>
		doctype === "Issue"
			? frappe.model.can_read("Issue")
			: ["Agent", "Agent Manager", "System Manager"].some((role) => frappe.user.has_role(role));

	// Returns a promise: styles are loaded once.
	tickets.load_styles = () => frappe.require("/assets/orchestrator/css/tickets.css");

	// A time of the site's time zone, as the API has it, in the user's.
	tickets.format_moment = (iso) =>
		frappe.datetime.str_to_user(frappe.datetime.convert_to_user_tz(iso.replace("T", " ").slice(0, 19)));

	tickets.format_duration = (seconds) => {
		const total = Math.floor(Math.abs(seconds) / MINUTE);
		const hours = Math.floor((total * MINUTE) / HOUR);
		const minutes = total - (hours * HOUR) / MINUTE;
		if (hours && minutes) return __("{0} h {1} min", [hours, minutes]);
		if (hours) return __("{0} h", [hours]);
		return minutes ? __("{0} min", [minutes]) : __("less than 1 min");
	};

	tickets.is_running = (countdown) =>
		["on_track", "at_risk", "breached"].includes(countdown.status) &&
		countdown.working_seconds_left !== null &&
		!countdown.paused_since;

	tickets.get_color = (countdown) => COLORS[countdown.status] || "gray";

	// The words of a running countdown change from minute to minute; those of others are the server's.
	tickets.describe = (countdown) => {
		if (!tickets.is_running(countdown)) return countdown.text;
		const time = tickets.format_duration(countdown.working_seconds_left);
		const is_response = countdown.target === "first_response";
		if (countdown.status === "breached")
			return is_response
				? __("First response overdue by {0} of working time", [time])
				: __("Overdue by {0} of working time", [time]);
		return is_response
			? __("First response due in {0} of working time", [time])
			: __("Due in {0} of working time", [time]);
	};

	tickets.describe_briefly = (countdown) => {
		if (countdown.paused_since && countdown.status === "breached" && countdown.working_seconds_left !== null)
			return __("Overdue by {0}, paused", [tickets.format_duration(countdown.working_seconds_left)]);
		if (countdown.paused_since)
			return countdown.pause_reason ? __("Paused: {0}", [__(countdown.pause_reason)]) : __("Paused");
		if (!tickets.is_running(countdown)) return countdown.text;
		const time = tickets.format_duration(countdown.working_seconds_left);
		return countdown.status === "breached" ? __("Overdue by {0}", [time]) : __("Due in {0}", [time]);
	};

	tickets.render_pill = (text, color, title) =>
		$(`<span class="indicator-pill no-indicator-dot ticket-pill"></span>`).addClass(color).text(text).attr("title", title || text);
})();
