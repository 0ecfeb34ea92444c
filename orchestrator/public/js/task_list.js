// ERPNext has no colour for a status it does not know. In Progress looks like Working.
{
	const settings = frappe.listview_settings["Task"];
	const get_indicator = settings.get_indicator;
	settings.get_indicator = (doc) =>
		doc.status === "In Progress"
			? [__(doc.status), "orange", "status,=,In Progress"]
			: get_indicator(doc);
}
