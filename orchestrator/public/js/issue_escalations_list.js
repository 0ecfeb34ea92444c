// Marks the issues of the list that were escalated, for those who may read Ticket Escalation.
{
	const settings = frappe.listview_settings["Issue"];
	const { refresh } = settings;

	settings.refresh = async (list) => {
		refresh?.(list);
		const names = list.data.map((issue) => issue.name);
		if (!names.length || !frappe.model.can_read("Ticket Escalation")) return;
		const rows = await frappe.db.get_list("Ticket Escalation", {
			filters: { reference_doctype: "Issue", reference_name: ["in", names] },
			fields: ["reference_name", "stage"],
			order_by: "creation asc",
			limit: 0,
		});
		const stages = Object.fromEntries(rows.map((row) => [row.reference_name, row.stage]));
		list.$result.find(".escalation-mark").remove();
		list.$result.find(".list-row").each((_index, row) => mark(row, stages));
	};

	function mark(row, stages) {
		const name = row.querySelector("[data-name]")?.dataset.name;
		const stage = stages[decodeURIComponent(name || "")];
		if (!stage) return;
		const title = frappe.utils.escape_html(__("Escalated: {0}", [__(stage)]));
		$(`<span class="escalation-mark indicator-pill red no-margin ml-2" title="${title}">${__("Escalated")}</span>`)
			.insertAfter($(row).find(".list-subject .level-item.ellipsis, .list-subject .bold").last());
	}
}
