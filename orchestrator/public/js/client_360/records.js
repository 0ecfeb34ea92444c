// Tickets, tasks, documents and appointments of a client, each with a button for a new one.
{
	const SECTIONS = [
		{ name: "tickets", title: __("Tickets"), none: __("No tickets yet."), add: __("New Ticket") },
		{ name: "tasks", title: __("Tasks"), none: __("No tasks yet."), add: __("New Task") },
		{ name: "documents", title: __("Documents"), none: __("No documents yet."), add: __("New Document") },
		{ name: "appointments", title: __("Appointments"), none: __("No appointments yet."), add: __("New Appointment") },
	];

	const DOCUMENT_COLOURS = { Draft: "gray", "In Review": "orange", Approved: "green", Archived: "blue" };

	function render_records(parent, { name, title, none, add }, data) {
		const content = data[name];
		const doctype = data.can_create[name];
		if (!content) return;
		const section = orchestrator.client_360.add_section(parent, name, title);
		const header = section.find("header");
		$(`<span class="client-360-count text-muted"></span>`).text(describe_counts(name, content)).appendTo(header);
		if (doctype) {
			$(`<button type="button" class="btn btn-default btn-xs"></button>`)
				.text(add)
				.on("click", () => create_record(doctype, data.client.name))
				.appendTo(header);
		}
		if (!content.total) {
			$(`<p class="client-360-none text-muted"></p>`).text(none).appendTo(section);
			return;
		}
		const list = $(`<ul class="client-360-records"></ul>`).appendTo(section);
		content.records.forEach((record) => list.append(build_row(record, name)));
		if (content.total > content.records.length) add_list_links(section, name, content, data.client.name);
	}

	function describe_counts(name, { total, open, overdue }) {
		if (!total) return "";
		if (name === "documents") return String(total);
		if (name === "appointments") return open ? __("{0} to come", [open]) : String(total);
		const parts = [__("{0} open", [open])];
		if (overdue) parts.push(__("{0} overdue", [overdue]));
		return parts.join(" · ");
	}

	function build_row(record, section) {
		const row = $(`<li><div><a></a><p class="text-muted"></p></div><span class="indicator-pill"></span></li>`);
		row.attr("data-record", record.name);
		row.find("a").attr("href", frappe.utils.get_form_link(record.doctype, record.name)).text(record.title);
		row.find("p").text(describe_record(record).filter(Boolean).join(" · "));
		const status = record.is_overdue ? __("Overdue") : __(record.status || "");
		row.find(".indicator-pill").addClass(get_colour(record, section)).text(status).toggle(Boolean(status));
		return row;
	}

	function get_colour({ status, is_open, is_overdue }, section) {
		if (section === "documents") return DOCUMENT_COLOURS[status] || "gray";
		if (is_overdue) return "red";
		return is_open ? (section === "appointments" ? "blue" : "orange") : "gray";
	}

	function describe_record({ doctype, name, title, due, priority, assigned_to }) {
		const assignee = assigned_to && frappe.user.full_name(assigned_to);
		const day = due && orchestrator.client_360.format_date(due);
		const time = due && due.length > 10 ? due.slice(11, 16) : "";
		const is_appointment = ["Event", "Appointment"].includes(doctype);
		const date = day && (is_appointment ? `${day} ${time}` : __("due {0}", [day]));
		return [__(doctype), title === name ? "" : name, date, priority && __(priority), assignee];
	}

	// Lists by client. Appointments refer to clients in other ways, which a list does not filter by.
	function add_list_links(section, name, content, client) {
		if (name === "appointments") return;
		const footer = $(`<footer></footer>`).appendTo(section);
		for (const doctype of content.doctypes) {
			$(`<button type="button" class="btn btn-link btn-xs"></button>`)
				.text(__("All: {0}", [__(doctype)]))
				.on("click", () => frappe.set_route("List", doctype, "List", { client }))
				.appendTo(footer);
		}
	}

	function create_record(doctype, client) {
		frappe.model.with_doctype(doctype, () => {
			const doc = frappe.model.get_new_doc(doctype);
			if (doctype === "Event") {
				const row = frappe.model.add_child(doc, "Event Participants", "event_participants");
				Object.assign(row, { reference_doctype: "Client", reference_docname: client });
			} else if (doctype === "Appointment") {
				Object.assign(doc, { appointment_with: "Client", party: client });
			} else {
				doc.client = client;
			}
			frappe.set_route("Form", doctype, doc.name);
		});
	}

	Object.assign(orchestrator.client_360, { SECTIONS, render_records });
}
