// Stays of a client as a timeline, the latest first.
orchestrator.client_360.render_stays = (parent, stays) => {
	if (!stays) return;
	const { add_section, format_date, COLOURS } = orchestrator.client_360;
	const section = add_section(parent, "stays", __("Stays"));
	if (!stays.length) {
		$(`<p class="client-360-none text-muted"></p>`).text(__("No stays yet.")).appendTo(section);
		return;
	}

	function describe_period(stay) {
		const begin = format_date(stay.admission_date) || __("not admitted yet");
		if (stay.discharge_date) return `${begin} – ${format_date(stay.discharge_date)}`;
		return stay.status === "Active" ? `${begin} – ${__("today")}` : begin;
	}

	function describe_details(stay) {
		const length = stay.days === null ? "" : __("{0} days", [stay.days]);
		const expected = stay.status === "Active" && stay.expected_discharge_date;
		return [
			length,
			stay.level_of_care,
			stay.program,
			stay.bed,
			expected && __("discharge expected {0}", [format_date(expected)]),
			stay.next_level_of_care && __("next: {0}", [stay.next_level_of_care]),
			stay.discharge_type,
			stay.mr_number && __("MR {0}", [stay.mr_number]),
		];
	}

	const list = $(`<ol class="client-360-timeline"></ol>`).appendTo(section);
	for (const stay of stays) {
		const colour = COLOURS[stay.status] || "gray";
		const item = $(`<li><a></a> <span class="indicator-pill"></span><p></p><p class="text-muted"></p></li>`);
		item.attr("data-stay", stay.name).addClass(`is-${colour}`).appendTo(list);
		item.find("a").attr("href", frappe.utils.get_form_link("Client Stay", stay.name)).text(describe_period(stay));
		item.find("span").addClass(colour).text(__(stay.status || ""));
		item.find("p").eq(0).text(stay.facility || "");
		item.find("p").eq(1).text(describe_details(stay).filter(Boolean).join(" · "));
	}
};
