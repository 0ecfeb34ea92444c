// The steps for the address and the credentials of a connection.
{
	const { connections } = orchestrator;
	const KEYS = { access_id: __("Access ID"), secret_key: __("Secret Key"), app_id: __("App ID") };
	const PARTS_OF_ADDRESS = ["base_url", "network", "api_version"];

	// Shows below a field why the latest test found it wrong.
	const show_finding = (control, part, state) => {
		const check = state?.test?.checks.find((each) => each.part === part && each.level === "fail");
		if (!check || state.tested_at) return;
		const text = `${check.found} ${check.remedy}`;
		const id = `connection-finding-${part}`;
		$(`<p class="connection-finding"></p>`).attr("id", id).text(text).appendTo(control.$wrapper);
		control.$wrapper.addClass("has-error");
		control.$input.attr({ "aria-invalid": "true", "aria-describedby": id });
	};

	connections.views.address = class AddressStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			this.body = body;
			const { state } = wizard;
			this.name = connections.make_control(body, {
				fieldtype: "Data",
				fieldname: "connection_name",
				label: __("Connection Name"),
				reqd: 1,
				read_only: state ? 1 : 0,
				description: state ? "" : __("For example the name of the organization. It cannot be changed later."),
			});
			this.url = connections.make_control(body, {
				fieldtype: "Data",
				fieldname: "base_url",
				label: __("Base URL"),
				reqd: 1,
				description: __("Kipu's address. It differs only if Kipu gave you another one."),
			});
			this.version = connections.make_control(body, {
				fieldtype: "Select",
				fieldname: "api_version",
				label: __("API Version"),
				options: ["3", "4"],
				reqd: 1,
			});
			this.name.set_value(state ? state.connection : "");
			this.url.set_value(state ? state.base_url : "https://api.kipuapi.com");
			this.version.set_value(state ? state.api_version : "3");
			for (const part of PARTS_OF_ADDRESS) show_finding(part === "api_version" ? this.version : this.url, part, state);
			const button = connections.make_button(__("Continue"), "btn-primary");
			const footer = connections.add_footer(body).append(button);
			button.on("click", () => connections.run_action(button, footer, () => this.save()));
		}

		async save() {
			const values = { base_url: (this.url.get_value() || "").trim(), api_version: this.version.get_value() };
			const { state } = this.wizard;
			if (state) {
				const changed = values.base_url !== state.base_url || values.api_version !== state.api_version;
				if (!changed) return this.wizard.advance();
				await connections.save_values(state.connection, values);
				return this.wizard.resume();
			}
			const name = (this.name.get_value() || "").trim();
			if (!name) throw new Error(__("Enter a name for the connection."));
			// Off until its first run, so that a sync of all connections does not stop at one without credentials.
			const doc = { doctype: "Kipu Connection", connection_name: name, enabled: 0, ...values };
			const saved = await connections.call("frappe.client.insert", { doc });
			frappe.set_route("connection-wizard", saved.name);
		}
	};

	connections.views.keys = class KeysStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			const { state } = wizard;
			$(`<p class="text-muted"></p>`)
				.text(__("Kipu issues the three together. They are stored encrypted and never shown again."))
				.appendTo(body);
			this.controls = Object.entries(KEYS).map(([name, label]) => this.add_key(body, name, label, state));
			const button = connections.make_button(__("Continue"), "btn-primary");
			const footer = connections.add_footer(body).append(button);
			button.on("click", () => connections.run_action(button, footer, () => this.save()));
		}

		add_key(body, name, label, state) {
			const control = connections.make_control(body, {
				fieldtype: "Password",
				fieldname: name,
				label,
				reqd: state.keys[name] ? 0 : 1,
				placeholder: state.keys[name] ? __("Saved. Leave empty to keep it.") : "",
				description: name === "app_id" ? __("Kipu also calls this the recipient ID.") : "",
			});
			control.$input.attr("autocomplete", "new-password");
			show_finding(control, name, state);
			return control;
		}

		async save() {
			const { state } = this.wizard;
			const values = {};
			for (const control of this.controls) {
				const { fieldname, label } = control.df;
				const value = (control.get_value() || "").trim();
				if (value) values[fieldname] = value;
				else if (!state.keys[fieldname]) throw new Error(__("Enter the {0}.", [label]));
			}
			if (Object.keys(values).length) await connections.save_values(state.connection, values);
			return this.wizard.advance();
		}
	};
}
