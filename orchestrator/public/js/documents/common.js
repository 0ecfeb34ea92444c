// What the document browser, the forms and the lists of documents share: calls, formats and labels.
frappe.provide("orchestrator.documents");

(() => {
	const METHODS = "orchestrator.docs.";
	const CONTRACT_HEADER = "X-Orchestrator-Contract"; // see orchestrator/api/call.py
	const UNITS = ["B", "KB", "MB", "GB"];
	const STATUS_COLORS = { Draft: "gray", "In Review": "orange", Approved: "green", Archived: "blue" };
	const ICONS = { pdf: "PDF", image: "IMG", text: "TXT", table: "CSV", office: "DOC", archive: "ZIP", none: "FILE" };
	const KINDS = {
		pdf: "pdf", png: "image", jpg: "image", jpeg: "image", gif: "image", webp: "image", svg: "image", txt: "text",
		md: "text", html: "text", json: "text", xml: "text", csv: "table", xls: "table", xlsx: "table", ods: "table",
		doc: "office", docx: "office", odt: "office", rtf: "office", ppt: "office", pptx: "office", odp: "office", zip: "archive",
	};

	class CallError extends Error {
		constructor(message, status) {
			super(message);
			this.status = status;
		}
	}

	// Calls a method as an API client, so that each refusal has its own status and message.
	async function call(method, args = {}, type = "GET") {
		const name = method.includes(".") ? method : METHODS + method;
		const given = Object.entries(args).filter(([, value]) => value !== undefined && value !== null);
		const headers = { Accept: "application/json", [CONTRACT_HEADER]: "1" };
		let url = `/api/method/${name}`;
		let body;
		if (type === "GET") {
			if (given.length) url += `?${new URLSearchParams(given)}`;
		} else {
			headers["X-Frappe-CSRF-Token"] = frappe.csrf_token;
			headers["Content-Type"] = "application/json";
			body = JSON.stringify(Object.fromEntries(given));
		}
		const reply = await fetch(url, { method: type, headers, body });
		return parse_reply(reply.status, await reply.text());
	}

	function parse_reply(status, text) {
		let reply = {};
		try {
			reply = JSON.parse(text);
		} catch (error) {
			// a proxy's page
		}
		if (status < 400) return reply.data;
		throw new CallError((reply.exc || "").replace(/^\w+: /, "") || __("The request failed ({0}).", [status]), status);
	}

	function show_error(error) {
		frappe.show_alert({ message: escape(error.message), indicator: "red" }, 10);
	}

	function escape(text) {
		return frappe.utils.escape_html(String(text ?? ""));
	}

	function format_size(bytes) {
		let value = bytes || 0;
		let unit = 0;
		while (value >= 1024 && unit < UNITS.length - 1) {
			value /= 1024;
			unit += 1;
		}
		return `${format_number(value, null, unit && value < 100 ? 1 : 0)} ${UNITS[unit]}`;
	}

	function format_time(value) {
		return value ? frappe.format(String(value).replace("T", " ").slice(0, 19), { fieldtype: "Datetime" }) : "";
	}

	function format_ago(value) {
		return value ? frappe.datetime.prettyDate(String(value).replace("T", " ").slice(0, 19)) : "";
	}

	// Returns [label, color] of the status; an approval holds for one version only.
	function describe_status(doc) {
		if (doc.status !== "Approved" || !doc.approved_version) return [__(doc.status), STATUS_COLORS[doc.status] || "gray"];
		if (doc.approved_version < doc.current_version) {
			return [__("Approved v{0}, v{1} is newer", [doc.approved_version, doc.current_version]), "orange"];
		}
		return [__("Approved v{0}", [doc.approved_version]), "green"];
	}

	function render_status(doc) {
		const [label, color] = describe_status(doc);
		return `<span class="indicator-pill no-indicator-dot ${color}">${escape(label)}</span>`;
	}

	// Search hits have a file name, but no media type.
	function render_file_icon(media_type, file_name) {
		const extension = (file_name || "").split(".").pop().toLowerCase();
		const kind = media_type ? find_kind(media_type) : KINDS[extension] || "none";
		return `<span class="doc-icon doc-icon-${kind}" aria-hidden="true">${ICONS[kind]}</span>`;
	}

	function find_kind(type) {
		if (type === "application/pdf") return "pdf";
		if (type.startsWith("image/")) return "image";
		if (type === "text/csv" || type.includes("spreadsheet") || type.includes("excel")) return "table";
		if (type.startsWith("text/") || /json|xml/.test(type.split(".").pop())) return "text";
		if (/officedocument|opendocument|msword|powerpoint|rtf/.test(type)) return "office";
		return /zip|tar|compressed/.test(type) ? "archive" : "none";
	}

	// Returns the text as HTML with the words of a search marked, whatever their case and accents.
	function highlight(text, query) {
		const words = fold(query).match(/[\p{L}\p{N}]+/gu) || [];
		return (String(text ?? "").match(/[\p{L}\p{N}\p{M}]+|[^\p{L}\p{N}\p{M}]+/gu) || [])
			.map((part) => {
				const length = Math.max(0, ...words.filter((word) => fold(part).startsWith(word)).map((word) => word.length));
				return length ? `<mark>${escape(part.slice(0, length))}</mark>${escape(part.slice(length))}` : escape(part);
			})
			.join("");
	}

	function fold(text) {
		return String(text ?? "").normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
	}

	function get_download_url(document, version) {
		const query = new URLSearchParams({ document, ...(version ? { version } : {}) });
		return `/api/method/${METHODS}download?${query}`;
	}

	function explain_read_only(access) {
		return __("Read only: ask {0} for write access.", [frappe.utils.comma_or(access.contacts)]);
	}

	Object.assign(orchestrator.documents, {
		CONTRACT_HEADER,
		call,
		parse_reply,
		show_error,
		escape,
		format_size,
		format_time,
		format_ago,
		describe_status,
		render_status,
		render_file_icon,
		highlight,
		get_download_url,
		explain_read_only,
	});
})();
