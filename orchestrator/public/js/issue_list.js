// ERPNext shows a status it does not know like a settled one, in gray. In Progress is open.
{
	const settings = frappe.listview_settings["Issue"];
	const get_indicator = settings.get_indicator;
	settings.get_indicator = (doc) =>
		doc.status === "In Progress"
			? [__(doc.status), "orange", "status,=,In Progress"]
			: get_indicator(doc);
}
