// The findings of a sync as sentences, for the form and the list of Sync Issues.
frappe.provide("orchestrator.sync_issues");

{
	const PROBLEMS = {
		bad_casefile_id: __("The casefile ID is malformed"),
		bad_date: __("A date cannot be read"),
		bad_type: __("A value has an unexpected type"),
		too_long: __("A text is too long"),
		invalid_value: __("The field refuses the value"),
		both_changed: __("A field was changed both in Kipu and on this site"),
		chart_of_two_people: __("One chart stands for two people"),
		disabled: __("A route is switched off in Kipu"),
		refused: __("Kipu refuses a route to these credentials"),
		unknown: __("Kipu sends a field that this app does not know"),
		vanished: __("Kipu no longer sends a field"),
		retyped: __("A field has another type than before"),
	};
	const REMEDIES = {
		Record: __("Correct the record in Kipu, or map the field differently, and choose Retry."),
		Conflict: __("Retry saves Kipu's value. Discard keeps the value of this site."),
		Identity: __("Compare both people in Kipu. Nothing was merged."),
		Drift: __("Check the field rules of the connection. Records are imported all the same."),
		Route: __("The sync continues without it. Ask Kipu to switch it on, if you need it."),
	};

	orchestrator.sync_issues.describe_code = (code) => PROBLEMS[code] || __("An error occurred: {0}", [code]);
	orchestrator.sync_issues.describe_remedy = (kind) => REMEDIES[kind] || "";
}

frappe.listview_settings["Sync Issue"] = {
	formatters: {
		code: (value) => frappe.utils.escape_html(orchestrator.sync_issues.describe_code(value)),
	},

	get_indicator(doc) {
		const colours = { Open: "red", Resolved: "green", Discarded: "gray" };
		return [__(doc.status), colours[doc.status], `status,=,${doc.status}`];
	},

	onload(list) {
		if (!frappe.user.has_role(["System Manager", "Kipu Sync Manager"])) return;
		list.page.add_action_item(__("Retry"), () => {
			const chosen = list.get_checked_items();
			const connections = [...new Set(chosen.map((issue) => issue.connection))];
			connections.forEach((connection) =>
				frappe.call({
					method: "orchestrator.sync.retry_sync_issues",
					args: {
						connection,
						issues: chosen.filter((issue) => issue.connection === connection).map((issue) => issue.name),
					},
					callback: () => list.refresh(),
				})
			);
		});
		list.page.add_action_item(__("Discard"), () =>
			frappe.confirm(__("Discard these issues? They will not be reported again."), () =>
				frappe.call({
					method: "orchestrator.sync.discard_sync_issues",
					args: { issues: list.get_checked_items(true) },
					callback: () => list.refresh(),
				})
			)
		);
	},
};
