// Frappe runs this in the page's own scope, and again whenever the DocType is loaded anew.
(() => {
	const FILES = [
		"/assets/orchestrator/js/charts.js",
		...["common", "charts", "closing"].map((name) => `/assets/orchestrator/js/sprint_board/${name}.js`),
		"/assets/orchestrator/css/sprint_board.css",
	];

	frappe.ui.form.on("Sprint", {
		async refresh(frm) {
			if (frm.is_new()) return;
			if (!window.orchestrator?.sprints?.open_closing_dialog) await orchestrator.load_in_order(FILES);
			add_buttons(frm);
			frm.page.set_indicator(__(frm.doc.state), orchestrator.sprints.COLORS[frm.doc.state]);
			show_burndown(frm);
			show_load(frm);
		},
	});

	function add_buttons(frm) {
		const { confirm_start, open_closing_dialog } = orchestrator.sprints;
		frm.add_custom_button(__("Board"), () => frappe.set_route("sprint-board", frm.doc.name)).addClass("btn-primary");
		if (frm.doc.state === "Planned" && frm.perm[0].write) {
			frm.add_custom_button(__("Start Sprint"), () => confirm_start(frm.doc, () => frm.reload_doc()));
		}
		if (frm.doc.state === "Active" && frm.perm[0].write) {
			frm.add_custom_button(__("Close Sprint"), () => open_closing_dialog(frm.doc, () => frm.reload_doc()));
		}
		frm.add_custom_button(__("Tasks"), () => frappe.set_route("List", "Task", { sprint: frm.doc.name }));
	}

	async function show_burndown(frm) {
		const { name } = frm.doc;
		const burndown = await orchestrator.sprints.read("get_sprint_burndown", { sprint: name });
		if (frm.doc.name === name) orchestrator.sprints.draw_burndown(frm.get_field("burndown").$wrapper.empty(), burndown);
	}

	async function show_load(frm) {
		const { name } = frm.doc;
		const { members } = await orchestrator.sprints.read("get_sprint_capacity", { sprint: name });
		if (frm.doc.name !== name) return;
		show_member_names(frm, members);
		frm.get_field("load").$wrapper.empty().append(orchestrator.sprints.render_load(members));
	}

	// Desk knows the names of a few users only.
	function show_member_names(frm, members) {
		const names = Object.fromEntries(members.map(({ user, user_name }) => [user, user_name]));
		const { grid } = frm.get_field("members");
		const format = (value) => frappe.utils.escape_html(names[value] || value || "");
		grid.update_docfield_property("user", "formatter", format);
		grid.refresh();
	}
})();
