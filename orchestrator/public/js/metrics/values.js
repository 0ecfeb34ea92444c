// Values of metrics as text and as tables.
frappe.provide("orchestrator.metrics");

(() => {
	const NUMBERS = ["Currency", "Float", "Int", "Percent", "Duration"];

	orchestrator.metrics.format_value = (value) => format_number(value, null, Number.isInteger(value) ? 0 : 2);

	// Abbreviates a month or a day.
	orchestrator.metrics.abbreviate = (label) => {
		if (/^\d{4}-\d\d$/.test(label)) return moment(label, "YYYY-MM").format("MMM ’YY");
		return /^\d{4}-\d\d-\d\d$/.test(label) ? moment(label).format("D MMM") : label;
	};

	orchestrator.metrics.render_empty = (box) => {
		box.append($(`<p class="text-muted"></p>`).text(__("Nothing to show")));
	};

	orchestrator.metrics.render_table = (box, item) => {
		if (!item.value.rows.length) return orchestrator.metrics.render_empty(box);
		const head = (column) =>
			`<th scope="col" class="${get_alignment(column)}">${frappe.utils.escape_html(column.label)}</th>`;
		const cell = (column, row) => `<td class="${get_alignment(column)}">${render_cell(column, row)}</td>`;
		const { columns, rows, total } = item.value;
		const body = rows.map((row) => `<tr>${columns.map((column) => cell(column, row)).join("")}</tr>`);
		box.append(`<div class="metrics-table"><table class="table table-sm">
			<thead><tr>${columns.map(head).join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`);
		if (total <= rows.length) return;
		const more = $(`<p class="metrics-more text-muted small"></p>`).text(__("{0} of {1}", [rows.length, total]));
		orchestrator.metrics.link_to_records(more.appendTo(box), item);
	};

	function get_alignment(column) {
		return NUMBERS.includes(column.fieldtype) ? "text-right" : "";
	}

	function render_cell(column, row) {
		const value = row[column.fieldname];
		if (value === null || value === undefined) return "";
		const doctype = column.fieldtype === "Dynamic Link" ? row[column.options] : column.options;
		if (["Link", "Dynamic Link"].includes(column.fieldtype) && doctype) {
			const link = frappe.utils.escape_html(frappe.utils.get_form_link(doctype, value));
			return `<a href="${link}">${frappe.utils.escape_html(String(value))}</a>`;
		}
		const precision = column.fieldtype === "Percent" ? 2 : undefined;
		return frappe.format(frappe.utils.escape_html(String(value)), { precision, ...column }, { inline: true }, row);
	}
})();
