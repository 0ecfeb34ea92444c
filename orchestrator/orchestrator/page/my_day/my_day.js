frappe.pages["my-day"].on_page_load = async (wrapper) => {
	const page = frappe.ui.make_app_page({ parent: wrapper, title: __("My Day"), single_column: true });
	// prettier-ignore
	const names = ["tools", "today_card", "balance_card", "leave_dialog", "request_cards", "team_calendar", "calendar_feed", "my_day_page"];
	const scripts = names.map((name) => `/assets/orchestrator/js/my_day/${name}.js`);
	await orchestrator.load_in_order(["/assets/orchestrator/css/my_day.css", ...scripts]);
	wrapper.my_day = new orchestrator.my_day.MyDayPage(page);
	wrapper.my_day.show();
};
frappe.pages["my-day"].on_page_show = (wrapper) => wrapper.my_day && wrapper.my_day.show();
