// Clients and documents in Desk's search bar, as far as the reader may see them.
(() => {
	const AwesomeBar = frappe.search?.AwesomeBar;
	if (!AwesomeBar?.prototype.add_defaults) return;

	const MIN_LETTERS = 2;
	const MAX_LETTERS = 140;
	const DELAY_MILLISECONDS = 250;
	const RANK = 99; // below "Search for …", above lists and reports
	const LABELS = { Client: __("Client"), Document: __("Document") };
	const add_defaults = AwesomeBar.prototype.add_defaults;

	AwesomeBar.prototype.add_defaults = function (text) {
		add_defaults.call(this, text);
		if (!Object.keys(LABELS).some((doctype) => frappe.model.can_read(doctype))) return;
		clearTimeout(this.record_search);
		this.searched_text = text;
		if (text.length < MIN_LETTERS || text.length > MAX_LETTERS || text.startsWith("#")) return;
		this.record_search = setTimeout(() => find(this, text), DELAY_MILLISECONDS);
	};

	async function find(bar, text) {
		const { data } = await frappe.call({
			method: "orchestrator.api.search.find_records",
			args: { query: text },
			no_spinner: true,
		});
		// A reply to an earlier text is outdated, as is one to an emptied search bar.
		const input = bar.awesomplete.input;
		if (!data?.records.length || bar.searched_text !== text || !input.value.trim()) return;
		bar.options = bar.deduplicate([...data.records.map(build_option), ...bar.options]);
		bar.awesomplete.list = bar.options;
	}

	function build_option({ doctype, name, title, description, snippet }) {
		const escape = frappe.utils.escape_html;
		return {
			label: `${escape(title)} <span class="text-muted">${escape(LABELS[doctype] || __(doctype))}</span>`,
			value: `${doctype} ${name}`,
			description: escape(snippet || description),
			index: RANK,
			route: ["Form", doctype, name],
		};
	}
})();
