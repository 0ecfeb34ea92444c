frappe.listview_settings["Sync Issue"] = {
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
