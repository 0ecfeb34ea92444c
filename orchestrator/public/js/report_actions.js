// Actions of this app's reports: save as a file, and send by mail regularly.
frappe.provide("orchestrator.reports");

(() => {
	const REPORT_FORMATS = [
		{ value: "pdf", label: __("PDF") },
		{ value: "xlsx", label: __("Excel") },
		{ value: "csv", label: __("CSV") },
	];
	const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
	const GENERATED_REPORT = "Generated Report";

	orchestrator.reports.add_actions = (report) => {
		report.page.add_inner_button(__("Save as File"), () => ask_and_generate(report));
		if (frappe.model.can_create("Auto Email Report")) {
			report.page.add_inner_button(__("Send Regularly"), () => ask_and_schedule(report));
		}
	};

	function build_format_field() {
		return { fieldname: "format", label: __("Format"), fieldtype: "Select", options: REPORT_FORMATS, default: "pdf", reqd: 1 };
	}

	function ask_and_generate(report) {
		const fields = [build_format_field(), { fieldname: "send_mail", label: __("Also send it to me by email"), fieldtype: "Check" }];
		frappe.prompt(fields, (values) => generate(report, values), __("Save {0} as a File", [__(report.report_name)]), __("Save"));
	}

	function generate(report, values) {
		frappe.call({
			method: "orchestrator.insights.generate_report",
			args: { report_name: report.report_name, filters: report.get_filter_values(), ...values },
			freeze: true,
			freeze_message: __("Creating the file…"),
			callback: ({ data }) => frappe.set_route("Form", GENERATED_REPORT, data.run),
		});
	}

	function ask_and_schedule(report) {
		const fields = [
			{
				fieldname: "frequency",
				label: __("Frequency"),
				fieldtype: "Select",
				options: ["Daily", "Weekly", "Monthly"].map((value) => ({ value, label: __(value) })),
				default: "Weekly",
				reqd: 1,
			},
			{
				fieldname: "day_of_week",
				label: __("Day of Week"),
				fieldtype: "Select",
				options: WEEKDAYS.map((value) => ({ value, label: __(value) })),
				default: "Monday",
				depends_on: "eval:doc.frequency=='Weekly'",
			},
			build_format_field(),
			{
				fieldname: "recipients",
				label: __("Recipients"),
				fieldtype: "MultiSelectPills",
				description: __("Users who may run this report. If empty, it is sent to you."),
				get_data: (text) => frappe.db.get_link_options("User", text),
			},
		];
		frappe.prompt(fields, (values) => schedule(report, values), __("Send {0} Regularly", [__(report.report_name)]), __("Save"));
	}

	function schedule(report, { frequency, day_of_week, format, recipients }) {
		const weekly = frequency === "Weekly" ? { day_of_week } : {};
		const named = recipients?.length ? { recipients } : {};
		frappe.call({
			method: "orchestrator.insights.schedule_report",
			args: { report_name: report.report_name, filters: report.get_filter_values(), frequency, format, ...weekly, ...named },
			freeze: true,
			callback: ({ data }) => frappe.set_route("Form", "Auto Email Report", data.schedule),
		});
	}
})();
