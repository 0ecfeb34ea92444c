// Lists of tickets: a countdown and the escalation in each row, and macros for the chosen rows.
(() => {
	const tickets = orchestrator.tickets;

	tickets.extend_list = (doctype) => {
		const settings = (frappe.listview_settings[doctype] ||= {});
		if (settings.has_countdowns) return;
		settings.has_countdowns = true;
		const { onload, refresh } = settings;
		settings.onload = function (listview) {
			onload?.call(this, listview);
			if (!tickets.is_staff(doctype)) return;
			listview.page.add_actions_menu_item(__("Apply Macro"), () => apply_macro(listview), true);
		};
		settings.refresh = function (listview) {
			refresh?.call(this, listview);
			show_countdowns(listview);
		};
	};

	async function show_countdowns(listview) {
		if (listview.view_name !== "List") return;
		await tickets.load_styles();
		listview.countdowns ||= new tickets.Countdowns(
			listview.doctype,
			() => cur_list === listview && listview.$result.is(":visible"),
			(rows) => render(listview, rows)
		);
		await listview.countdowns.load(listview.data.map((row) => row.name));
	}

	function render(listview, rows) {
		listview.$result.find(".ticket-marks").remove();
		listview.$result.find(".list-row-container").each((_index, element) => {
			const name = $(element).find("[data-name]").first().attr("data-name");
			const row = rows[decodeURIComponent(name || "")] || rows[name];
			if (!row) return;
			const marks = render_marks(row);
			if (marks.children().length) $(element).find(".list-row").after(marks);
		});
	}

	function render_marks(row) {
		const marks = $(`<div class="ticket-marks"></div>`);
		if (row.escalation) {
			const { stage, escalated_to } = row.escalation;
			const title = escalated_to
				? __("{0}: escalated to {1}", [__(stage), frappe.user.full_name(escalated_to)])
				: __("{0}: escalated", [__(stage)]);
			marks.append(tickets.render_pill(__("Escalated"), "red", title));
		}
		const text = tickets.describe_briefly(row);
		if (text) marks.append(tickets.render_pill(text, tickets.get_color(row), tickets.describe(row)));
		return marks;
	}

	function apply_macro(listview) {
		const names = listview.get_checked_items(true).map(String);
		if (!names.length) return frappe.show_alert({ message: __("Select the tickets first."), indicator: "orange" });
		tickets.open_macro_dialog(listview.doctype, names, () => {
			listview.clear_checked_items();
			listview.refresh();
		});
	}
})();
