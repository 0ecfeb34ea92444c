const UNFINISHED = ["Queued", "Running"];
const POLL_MILLISECONDS = 3000;

frappe.ui.form.on("Generated Report", {
	async refresh(frm) {
		frm.disable_save();
		clearTimeout(frm.__polling);
		if (UNFINISHED.includes(frm.doc.status)) {
			frm.set_intro(__("The file is being created. It appears here when it is ready."), "blue");
			frm.__polling = setTimeout(() => cur_frm === frm && frm.reload_doc(), POLL_MILLISECONDS);
		} else if (frm.doc.file) {
			const { data } = await frappe.call({ method: "orchestrator.insights.get_report_status", type: "GET", args: { run: frm.doc.name } });
			if (data.file_url) add_download(frm, data);
		}
	},
});

function add_download(frm, { file_url, file_name, file_size }) {
	frm.add_custom_button(__("Download"), () => window.open(file_url)).addClass("btn-primary");
	frm.set_intro("");
	frm.set_intro(`<span>${frappe.utils.escape_html(file_name)} (${format_size(file_size)})</span>`, "green");
}

function format_size(bytes) {
	return bytes > 1048576 ? `${format_number(bytes / 1048576, null, 1)} MB` : `${format_number(Math.ceil(bytes / 1024), null, 0)} KB`;
}
