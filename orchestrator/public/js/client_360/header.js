// Head of the page of a client: facts, alerts and how to reach them.
Object.assign(orchestrator.client_360, {
	COLOURS: { "Pre-Admission": "blue", Active: "green", Discharged: "gray", Absent: "orange", Deleted: "red" },

	render_header(parent, { client, stays }) {
		const { format_date } = orchestrator.client_360;
		const current = (stays || []).find((stay) => stay.status === "Active");
		const admitted = [format_date(client.admission_date)];
		if (current && current.days !== null) admitted.push(__("{0} days", [current.days]));
		const born = client.age === null ? "" : __("{0} years", [client.age]);
		const facts = [
			[__("Facility"), client.facility],
			[__("Level of Care"), client.level_of_care],
			[__("Age"), [born, format_date(client.date_of_birth)].filter(Boolean).join(" · ")],
			[__("Admitted"), admitted.filter(Boolean).join(" · ")],
			client.discharge_date
				? [__("Discharged"), format_date(client.discharge_date)]
				: [__("Expected Discharge"), format_date(client.expected_discharge_date)],
			[__("Bed"), current && current.bed],
		];
		const list = $(`<dl class="client-360-facts"></dl>`).appendTo(parent);
		for (const [label, value] of facts) {
			const fact = $(`<div><dt></dt><dd></dd></div>`).appendTo(list);
			fact.find("dt").text(label);
			fact.find("dd").text(value || "–");
		}
	},

	render_alerts(parent, alerts) {
		if (!alerts.length) return;
		const list = $(`<ul class="client-360-alerts"></ul>`).attr("aria-label", __("Alerts")).appendTo(parent);
		for (const { code, level, message } of alerts) {
			const pill = $(`<span class="indicator-pill"></span>`)
				.addClass(level === "danger" ? "red" : "orange")
				.text(message);
			$(`<li></li>`).attr("data-alert", code).append(pill).appendTo(list);
		}
	},

	render_contact(parent, client) {
		const facts = [
			[__("Preferred Name"), client.preferred_name],
			[__("Gender"), client.gender],
			[__("Pronouns"), client.pronouns],
			[__("Language"), client.preferred_language],
			[__("Phone"), client.phone],
			[__("Email"), client.email],
		].filter(([, value]) => value);
		if (!facts.length) return;
		const section = orchestrator.client_360.add_section(parent, "contact", __("Person"));
		const list = $(`<dl class="client-360-contact"></dl>`).appendTo(section);
		for (const [label, value] of facts) {
			$(`<dt></dt>`).text(label).appendTo(list);
			$(`<dd></dd>`).text(value).appendTo(list);
		}
	},
});
