// The dialog in which a reader receives a dashboard by email: what they receive now, and a new subscription.
frappe.provide("orchestrator.metrics");

(() => {
	const DOCTYPE = "Dashboard Subscription";
	const MANAGERS = ["System Manager", "Orchestrator Manager", "Dashboard Manager"];
	const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

	const call = async (method, type, args, freeze = false) => {
		const reply = await frappe.call({ method: `orchestrator.insights.subscriptions.${method}`, type, args, freeze });
		return reply.data;
	};

	orchestrator.metrics.open_subscriptions = async (board, filters) => {
		const found = await call("list_subscriptions", "GET", { dashboard: board.dashboard });
		new SubscriptionDialog(board, filters, found).show();
	};

	class SubscriptionDialog {
		constructor(board, filters, found) {
			this.board = board;
			this.found = found;
			this.dialog = new frappe.ui.Dialog({
				title: __("Receive {0} by Email", [board.title]),
				fields: [{ fieldtype: "HTML", fieldname: "list" }, ...(found.is_mail_allowed ? this.list_fields(filters) : [])],
				primary_action_label: found.is_mail_allowed ? __("Subscribe") : __("Close"),
				primary_action: (values) => (found.is_mail_allowed ? this.subscribe(values) : this.dialog.hide()),
			});
		}

		show() {
			this.render_list();
			this.dialog.show();
		}

		list_fields(filters) {
			const options = (values, empty) =>
				[...(empty ? [{ value: "", label: empty }] : []), ...values.map((value) => ({ value, label: __(value) }))];
			const hours = Array.from({ length: 24 }, (_, hour) => ({ value: String(hour), label: `${hour}:00` }));
			const is_manager = MANAGERS.some((role) => frappe.user.has_role(role));
			const has_facilities = this.board.available_filters.includes("facility") && frappe.model.can_read("Facility");
			return [
				{ fieldtype: "Section Break", label: __("New Subscription") },
				{ fieldtype: "Select", fieldname: "frequency", label: __("Frequency"), reqd: 1, default: "Weekly", options: options(["Daily", "Weekdays", "Weekly", "Monthly"]) },
				{ fieldtype: "Select", fieldname: "day_of_week", label: __("Day of Week"), default: "Monday", options: options(DAYS), depends_on: "eval:doc.frequency === 'Weekly'" },
				{ fieldtype: "Int", fieldname: "day_of_month", label: __("Day of Month"), default: 1, depends_on: "eval:doc.frequency === 'Monthly'" },
				{ fieldtype: "Select", fieldname: "hour", label: __("Hour"), default: "7", options: hours, description: __("In the time zone {0}", [frappe.boot.time_zone.system]) },
				{ fieldtype: "Column Break" },
				{ fieldtype: "Select", fieldname: "format", label: __("Format"), default: "pdf", options: [{ value: "pdf", label: __("PDF attachment") }, { value: "html", label: __("In the email") }] },
				{ fieldtype: "Select", fieldname: "period", label: __("Period"), options: options(["Previous Day", "Previous Week", "Previous Month"], __("Period of Each Figure")) },
				{ fieldtype: "Link", fieldname: "facility", label: __("Facility"), options: "Facility", default: filters.facility, hidden: !has_facilities },
				...(is_manager ? [this.build_recipients_field()] : []),
			];
		}

		build_recipients_field() {
			return { fieldtype: "MultiSelectPills", fieldname: "recipients", label: __("Recipients"), default: [frappe.session.user], get_data: (text) => frappe.db.get_link_options("User", text), description: __("Each gets the figures that they may see themselves.") };
		}

		render_list() {
			const box = this.dialog.get_field("list").$wrapper.empty();
			if (!this.found.is_mail_allowed) {
				$(`<p class="text-muted"></p>`)
					.text(__("This site does not send dashboards by email. An administrator can turn it on in Orchestrator Settings."))
					.appendTo(box);
			}
			const list = $(`<ul class="metrics-subscriptions"></ul>`).appendTo(box);
			this.found.subscriptions.forEach((subscription) => this.render_subscription(list, subscription));
		}

		render_subscription(list, subscription) {
			const line = $(`<li><div><b></b><div class="text-muted small"></div></div><span></span></li>`).appendTo(list);
			line.attr("data-subscription", subscription.subscription).find("b").text(describe(subscription));
			line.find(".small").text(describe_state(subscription));
			const button = (label, action) =>
				$(`<button class="btn btn-default btn-xs"></button>`).text(label).on("click", action).appendTo(line.find("span"));
			if (this.found.is_mail_allowed) button(__("Send Test"), () => this.send_test(subscription));
			if (subscription.recipients.some(({ user, unsubscribed }) => user === frappe.session.user && !unsubscribed)) {
				button(__("Unsubscribe"), () => this.unsubscribe(subscription));
			}
			if (subscription.owner === frappe.session.user || frappe.user.has_role("System Manager")) {
				button(__("Edit"), () => {
					this.dialog.hide();
					frappe.set_route("Form", DOCTYPE, subscription.subscription);
				});
			}
		}

		async send_test({ subscription }) {
			const { recipient } = await call("send_test_mail", "POST", { subscription }, true);
			frappe.show_alert({ message: __("A test email is on its way to {0}.", [frappe.utils.escape_html(recipient)]), indicator: "green" });
		}

		async unsubscribe({ subscription }) {
			await call("unsubscribe", "POST", { subscription }, true);
			await this.reload(__("You do not receive this dashboard any more."));
		}

		async subscribe(values) {
			const args = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "" && value !== null));
			if (args.recipients) args.recipients = [].concat(args.recipients);
			await call("subscribe", "POST", { dashboard: this.board.dashboard, ...args }, true);
			await this.reload(__("Subscribed."));
		}

		async reload(message) {
			this.found = await call("list_subscriptions", "GET", { dashboard: this.board.dashboard });
			this.render_list();
			frappe.show_alert({ message, indicator: "green" });
		}
	}

	function describe({ frequency, day_of_week, day_of_month, hour, format }) {
		const day = day_of_week ? __(day_of_week) : day_of_month ? __("day {0}", [day_of_month]) : "";
		return [__(frequency), day, `${hour}:00`, format.toUpperCase()].filter(Boolean).join(", ");
	}

	function describe_state({ enabled, next_send_at, recipients, facility, period }) {
		const own = recipients.find(({ user }) => user === frappe.session.user);
		const parts = [facility, period && __(period)];
		if (!enabled) parts.push(__("Disabled"));
		else if (own?.unsubscribed) parts.push(__("You have unsubscribed"));
		else if (own?.skipped_because) parts.push(own.skipped_because);
		else parts.push(__("Next on {0}", [frappe.datetime.str_to_user(next_send_at.replace("T", " "))]));
		return parts.filter(Boolean).join(" · ");
	}
})();
