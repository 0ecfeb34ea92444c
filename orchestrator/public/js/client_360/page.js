// The page of a client: loads it and renders its sections.
frappe.provide("orchestrator.client_360");

const ROUTE = "client-360";

orchestrator.ClientPage = class ClientPage {
	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({ parent: wrapper, title: __("Client 360"), single_column: true });
		this.body = $(`<div class="client-360"></div>`).appendTo(this.page.main);
		this.requested = 0;
		this.page.add_menu_item(__("Reload"), () => this.load());
		this.page.add_menu_item(__("Print"), () => this.name && frappe.set_route("print", "Client", this.name));
	}

	show() {
		frappe.breadcrumbs.add({ type: "Custom", label: __("Client"), route: "/app/client" });
		const name = frappe.get_route()[1] || "";
		if (name !== this.name) this.clear();
		this.name = name;
		return name ? this.load() : this.choose();
	}

	clear() {
		this.body.empty();
		this.page.clear_indicator();
		this.page.clear_secondary_action();
		orchestrator.set_page_title(this.page, __("Client 360"));
	}

	// Without a client in the address: a field to choose one.
	choose() {
		this.clear();
		const box = $(`<section class="client-360-choose"></section>`).appendTo(this.body);
		$(`<p class="text-muted"></p>`).text(__("Choose a client to see stays, tickets, tasks, documents and activity.")).appendTo(box);
		const field = frappe.ui.form.make_control({
			parent: box,
			df: {
				fieldtype: "Link",
				fieldname: "client",
				label: __("Client"),
				options: "Client",
				change: () => field.get_value() && frappe.set_route(ROUTE, field.get_value()),
			},
			render_input: true,
		});
		field.$input.attr("aria-label", __("Client"));
	}

	async load() {
		const name = this.name;
		const number = ++this.requested;
		const reply = await fetch(`/api/method/orchestrator.sync.get_client?${new URLSearchParams({ client: name })}`, {
			headers: { Accept: "application/json", "X-Frappe-CSRF-Token": frappe.csrf_token },
		});
		const body = await reply.json().catch(() => ({}));
		// Another client was opened in the meantime, or a later request has been answered.
		if (number !== this.requested || name !== this.name) return;
		if (!reply.ok || !body.data) return this.show_refusal(reply.status);
		this.render(body.data);
	}

	show_refusal(status) {
		this.clear();
		const text =
			status === 404
				? __("There is no such client, or you do not have access to it.")
				: status === 403
				? __("You do not have access to clients.")
				: __("The client could not be loaded. Try again.");
		$(`<p class="client-360-none text-muted" role="status"></p>`).text(text).appendTo(this.body);
	}

	render(data) {
		const { client } = data;
		orchestrator.set_page_title(this.page, client.full_name);
		document.title = client.full_name;
		const colour = orchestrator.client_360.COLOURS[client.status] || "gray";
		if (client.status) this.page.set_indicator(__(client.status), colour);
		this.page.set_secondary_action(__("Edit"), () => frappe.set_route("Form", "Client", client.name));
		this.body.empty();
		const { render_header, render_alerts, render_stays, render_records, render_activity, render_contact, SECTIONS } =
			orchestrator.client_360;
		render_header(this.body, data);
		render_alerts(this.body, data.alerts);
		const columns = $(`<div class="client-360-columns"><div></div><div></div></div>`).appendTo(this.body);
		const [left, right] = columns.children().get();
		render_stays(left, data.stays);
		for (const section of SECTIONS) render_records(left, section, data);
		render_contact(right, client);
		render_activity(right, data.activity);
	}
};

// The frame of a section: a card with a heading, to which `render` adds the rest.
orchestrator.client_360.add_section = (parent, name, title) => {
	const section = $(`<section class="client-360-section"><header><h3></h3></header></section>`).appendTo(parent);
	section.attr({ "data-section": name, "aria-labelledby": `client-360-${name}` });
	section.find("h3").attr("id", `client-360-${name}`).text(title);
	return section;
};

orchestrator.client_360.format_date = (day) => (day ? frappe.datetime.str_to_user(day.slice(0, 10)) : "");
