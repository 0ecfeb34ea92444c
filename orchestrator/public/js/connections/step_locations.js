// The step that gives each of Kipu's locations a facility and a time zone.
{
	const { connections } = orchestrator;
	const BASES = {
		saved: __("Saved"),
		facility: __("From the facility"),
		dates: __("Suggested by the dates of Kipu's records"),
		default: __("The default of the connection. Please check it."),
	};

	connections.views.locations = class LocationsStep {
		constructor(wizard, body) {
			this.wizard = wizard;
			this.body = body;
			const { locations } = wizard.state;
			if (!locations.length) return this.show_none();
			$(`<p class="text-muted"></p>`)
				.text(
					__(
						"Kipu does not send time zones, and admission dates depend on them. Each location belongs to a facility, by which you can limit who sees its clients."
					)
				)
				.appendTo(body);
			this.zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
			const table = $(`<div class="connection-locations" role="table"></div>`).attr("aria-label", __("Locations")).appendTo(body);
			this.add_head(table);
			this.rows = locations.map((location) => this.add_row(table, location));
			const button = connections.make_button(__("Save and Continue"), "btn-primary");
			const footer = connections.add_footer(body).append(button);
			button.on("click", () => connections.run_action(button, footer, () => this.save()));
		}

		// The list is that of the latest test, which is kept for a day.
		show_none() {
			$(`<p class="text-muted"></p>`).text(__("Test the connection again to list Kipu's locations.")).appendTo(this.body);
			const button = connections.make_button(__("Test Again"), "btn-primary").appendTo(connections.add_footer(this.body));
			button.on("click", () => this.wizard.go_to("test"));
		}

		add_head(table) {
			const head = $(`<div class="connection-location connection-location-head" role="row"></div>`).appendTo(table);
			for (const label of [__("Sync"), __("Location"), __("Facility"), __("Time Zone")]) {
				$(`<div role="columnheader"></div>`).text(label).appendTo(head);
			}
		}

		add_row(table, location) {
			const { location_id, location_name, enabled } = location;
			const shown = location_name || location_id;
			const row = $(`<div class="connection-location" role="row"></div>`).attr("data-location", location_id).appendTo(table);
			const cells = [0, 1, 2, 3].map(() => $(`<div role="cell"></div>`).appendTo(row));
			const check = $(`<input type="checkbox">`).prop("checked", enabled).appendTo(cells[0]);
			check.attr("aria-label", __("Sync {0}", [shown]));
			$(`<strong></strong>`).text(shown).appendTo(cells[1]);
			$(`<small></small>`).text(__("ID {0}", [location_id])).appendTo(cells[1]);
			const facility = this.add_facility(cells[2], location, shown);
			const zone = this.add_zone(cells[3], location, shown);
			return { location_id, location_name, check, facility, zone };
		}

		add_facility(cell, location, shown) {
			const control = connections.make_control(cell, {
				fieldtype: "Link",
				fieldname: "facility",
				options: "Facility",
				only_select: 1,
				placeholder: __("New facility"),
				accessible_label: __("Facility of {0}", [shown]),
				change: () => note.toggle(!control.get_value()),
			});
			control.set_value(location.facility || "");
			const note = $(`<small></small>`).text(__("{0} will be created.", [location.new_facility])).appendTo(cell);
			note.toggle(!location.facility);
			return control;
		}

		add_zone(cell, location, shown) {
			const control = connections.make_control(cell, {
				fieldtype: "Autocomplete",
				fieldname: "time_zone",
				options: [...new Set([location.time_zone, ...this.zones])],
				accessible_label: __("Time Zone of {0}", [shown]),
				change: () => control.get_value() !== location.time_zone && note.text(__("Chosen by you")),
			});
			control.set_value(location.time_zone);
			const note = $(`<small></small>`).attr("data-basis", location.basis).text(BASES[location.basis]).appendTo(cell);
			return control;
		}

		async save() {
			const locations = this.rows.map(({ location_id, location_name, check, facility, zone }) => ({
				location_id,
				location_name,
				enabled: check.prop("checked"),
				facility: facility.get_value() || null,
				time_zone: zone.get_value() || "",
			}));
			if (!locations.some((location) => location.enabled)) throw new Error(__("Choose at least one location to sync."));
			await connections.send("connection_wizard.save_locations", { connection: this.wizard.name, locations });
			await this.wizard.advance();
		}
	};
}
