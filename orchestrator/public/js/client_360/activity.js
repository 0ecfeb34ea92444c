// Comments on a client, and changes of the client and its stays.
{
	const SHOWN_AT_FIRST = 10;
	const COMMENT_VERBS = {
		Comment: __("commented"),
		Assigned: __("assigned the client"),
		"Assignment Completed": __("completed an assignment"),
		Attachment: __("attached a file"),
		"Attachment Removed": __("removed a file"),
		Workflow: __("changed the workflow state"),
	};

	function render_activity(parent, activity) {
		const section = orchestrator.client_360.add_section(parent, "activity", __("Activity"));
		if (!activity.length) {
			$(`<p class="client-360-none text-muted"></p>`).text(__("No activity yet.")).appendTo(section);
			return;
		}
		const list = $(`<ul class="client-360-activity"></ul>`).appendTo(section);
		activity.slice(0, SHOWN_AT_FIRST).forEach((entry) => list.append(build_entry(entry)));
		const rest = activity.slice(SHOWN_AT_FIRST);
		if (!rest.length) return;
		$(`<button type="button" class="btn btn-link btn-xs"></button>`)
			.text(__("Show {0} more", [rest.length]))
			.on("click", (event) => {
				rest.forEach((entry) => list.append(build_entry(entry)));
				$(event.target).remove();
			})
			.appendTo(section);
	}

	function build_entry(entry) {
		const item = $(`<li><p class="text-muted"></p></li>`).attr("data-kind", entry.kind);
		const time = $(`<time></time>`)
			.attr({ datetime: entry.at, title: frappe.datetime.str_to_user(entry.at.replace("T", " ")) })
			.text(frappe.datetime.prettyDate(entry.at.replace("T", " ")));
		item.find("p").append($(`<b></b>`).text(entry.user_name), " ", describe_kind(entry), " · ", time);
		if (entry.text) $(`<p class="client-360-text"></p>`).text(entry.text).appendTo(item);
		for (const change of entry.changes) item.append(build_change(change));
		return item;
	}

	function describe_kind({ kind, type, doctype }) {
		if (kind === "change") return doctype === "Client" ? __("changed the client") : __("changed a stay");
		return COMMENT_VERBS[type] || __(type);
	}

	function build_change({ label, before, after }) {
		const line = $(`<p class="client-360-change"><span class="text-muted"></span> <del></del> <ins></ins></p>`);
		line.find("span").text(`${label}:`);
		line.find("del").text(before || "").toggle(Boolean(before));
		line.find("ins").text(after || __("empty"));
		return line;
	}

	Object.assign(orchestrator.client_360, { render_activity });
}
