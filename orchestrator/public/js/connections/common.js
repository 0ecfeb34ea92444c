// What the pages of Kipu connections have in common: calls that end in time, messages, formats and effects.
frappe.provide("orchestrator.connections");

{
	const DEFAULT_SECONDS = 30;

	const get_error_text = (body) => {
		try {
			const messages = JSON.parse(body._server_messages || "[]").map((message) => JSON.parse(message).message);
			if (messages.length) return strip_html(messages.join(" "));
		} catch {
			// The reply has no messages of Frappe's form.
		}
		return strip_html((body.exc || "").replace(/^\w+: /, "")) || __("Something went wrong. Try again.");
	};

	const send = async (method, args, type, signal) => {
		const query = type === "GET" ? `?${new URLSearchParams(args)}` : "";
		return fetch(`/api/method/${method}${query}`, {
			method: type,
			signal,
			headers: {
				Accept: "application/json",
				"Content-Type": "application/json",
				"X-Frappe-CSRF-Token": frappe.csrf_token,
			},
			body: type === "GET" ? undefined : JSON.stringify(args),
		});
	};

	// Calls a method and returns its data. Throws an Error whose message can be shown beside what was pressed.
	const call = async (method, args = {}, { type = "POST", seconds = DEFAULT_SECONDS } = {}) => {
		const stop = new AbortController();
		const timer = setTimeout(() => stop.abort(), seconds * 1000);
		try {
			const reply = await send(method, args, type, stop.signal);
			const body = await reply.json().catch(() => ({}));
			if (!reply.ok) throw new Error(get_error_text(body));
			return "data" in body ? body.data : body.message;
		} catch (error) {
			if (error.name === "AbortError") throw new Error(__("There was no reply within {0} seconds. Try again.", [seconds]));
			if (error instanceof TypeError) throw new Error(__("The server cannot be reached. Check your network and try again."));
			throw error;
		} finally {
			clearTimeout(timer);
		}
	};

	Object.assign(orchestrator.connections, {
		call,

		fetch: (method, args, options) => call(`orchestrator.sync.${method}`, args, { type: "GET", ...options }),

		send: (method, args, options) => call(`orchestrator.sync.${method}`, args, options),

		// Frappe's own method: the address and the credentials are saved as those of any record.
		save_values: (name, values) =>
			call("frappe.client.set_value", { doctype: "Kipu Connection", name, fieldname: values }),

		// Desk's address of a page, whose prefix differs between Frappe 15 and 16.
		build_url(parts, query = null) {
			const path = frappe.router.make_url(parts);
			return query ? `${path}?${new URLSearchParams(query)}` : path;
		},

		make_pill: (text, colour) => $(`<span class="indicator-pill"></span>`).addClass(colour).text(text),

		make_button: (text, kind = "btn-default") =>
			$(`<button type="button" class="btn btn-sm"></button>`).addClass(kind).text(text),

		// A message in the page, beside what it is about, in place of a dialog.
		show_message(parent, text, level = "danger") {
			parent.children(".connection-message").remove();
			if (!text) return;
			const box = $(`<div class="connection-message"></div>`).attr({ "data-level": level }).text(text);
			box.attr("role", level === "danger" ? "alert" : "status").appendTo(parent);
		},

		// Runs an action of a button, which cannot be pressed twice, and shows its error in `parent`.
		async run_action(button, parent, action) {
			orchestrator.connections.show_message(parent, "");
			button.prop("disabled", true).attr("aria-busy", "true");
			try {
				await action();
			} catch (error) {
				orchestrator.connections.show_message(parent, error.message);
			} finally {
				button.prop("disabled", false).removeAttr("aria-busy");
			}
		},

		make_control(parent, df) {
			const control = frappe.ui.form.make_control({ parent, df, render_input: true });
			control.disable_password_checks?.();
			const label = df.label || df.accessible_label;
			if (label) control.$input?.attr("aria-label", label);
			return control;
		},

		format_time: (iso) => (iso ? frappe.datetime.str_to_user(iso.replace("T", " ").slice(0, 19)) : "–"),

		format_lag(minutes) {
			if (minutes === null || minutes === undefined) return __("No sync yet");
			if (minutes < 1) return __("Less than a minute");
			if (minutes < 60) return minutes === 1 ? __("1 minute") : __("{0} minutes", [minutes]);
			const hours = Math.floor(minutes / 60);
			if (hours < 48) return __("{0} h {1} min", [hours, minutes % 60]);
			return __("{0} days", [Math.floor(hours / 24)]);
		},

		format_duration(seconds) {
			if (seconds < 60) return __("{0} s", [format_number(seconds, null, seconds < 10 ? 1 : 0)]);
			return __("{0} min {1} s", [Math.floor(seconds / 60), Math.round(seconds % 60)]);
		},

		format_count: (count) => format_number(count, null, 0),
	});
}
