// The API page: the OpenAPI document in Swagger UI, whose calls run in the reader's own session, and the reader's own
// use of the API. The same in Desk and on the site, so it uses only what both have.
frappe.provide("orchestrator");

const VIEWER = "/assets/orchestrator/swagger-ui";
const CONTRACT_HEADER = "X-Orchestrator-Contract"; // see orchestrator/api/call.py

const DELIVERIES = {
	doctype: "Webhook Delivery",
	fields: JSON.stringify(["queued_at", "webhook", "event", "reference_doctype", "reference_name", "status", "attempts"]),
	order_by: "queued_at desc",
	limit_page_length: 20,
};

orchestrator.ApiPage = class ApiPage {
	constructor(container) {
		this.container = $(container).addClass("api-page");
		this.tabs = [
			["reference", __("Reference"), (panel) => this.show_reference(panel)],
			["usage", __("My usage"), (panel) => this.show("orchestrator.api.usage.get_usage", {}, panel, render_usage)],
			["keys", __("My keys"), (panel) => this.show("orchestrator.api.keys.list_keys", {}, panel, render_keys)],
			["deliveries", __("Webhook deliveries"), (panel) => this.show("frappe.client.get_list", DELIVERIES, panel, render_deliveries)],
		];
		this.build_tabs();
		this.open("reference");
	}

	build_tabs() {
		this.list = $(`<div class="api-page-tabs" role="tablist"></div>`).appendTo(this.container);
		for (const [name, label] of this.tabs) {
			$(`<button type="button" role="tab"></button>`)
				.attr({ id: `api-tab-${name}`, "aria-controls": `api-panel-${name}` })
				.text(label)
				.on("click", () => this.open(name))
				.appendTo(this.list);
			$(`<div role="tabpanel" tabindex="0"></div>`)
				.attr({ id: `api-panel-${name}`, "aria-labelledby": `api-tab-${name}` })
				.appendTo(this.container);
		}
		this.list.on("keydown", (event) => this.move_focus(event));
	}

	move_focus(event) {
		const forward = document.dir === "rtl" ? -1 : 1; // the page is outside of Desk, too
		const step = { ArrowRight: forward, ArrowLeft: -forward }[event.key];
		if (!step) return;
		const index = this.tabs.findIndex(([name]) => name === this.opened);
		const [name] = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
		this.open(name);
		this.list.find(`#api-tab-${name}`).trigger("focus");
	}

	open(opened) {
		this.opened = opened;
		for (const [name, , show] of this.tabs) {
			const selected = name === opened;
			this.list.find(`#api-tab-${name}`).attr({ "aria-selected": selected, tabindex: selected ? 0 : -1 });
			const panel = this.container.find(`#api-panel-${name}`).toggle(selected);
			if (selected) show(panel);
		}
	}

	async show_reference(panel) {
		if (this.has_reference) return;
		this.has_reference = true;
		panel.text(__("Loading the API reference…"));
		try {
			const [spec] = await Promise.all([get_data("orchestrator.api.openapi.get_spec"), load_viewer()]);
			panel.empty();
			render_reference(panel, adapt_spec(spec));
		} catch (error) {
			this.has_reference = false;
			show_failure(panel, error);
		}
	}

	async show(method, params, panel, render) {
		try {
			render(panel.empty(), await get_data(method, params));
		} catch (error) {
			show_failure(panel, error);
		}
	}
};

async function get_data(method, params = {}) {
	const headers = { Accept: "application/json", [CONTRACT_HEADER]: "1" };
	const reply = await fetch(`/api/method/${method}?${new URLSearchParams(params)}`, { headers });
	const body = await reply.json();
	if (!reply.ok) throw new Error(body.exc);
	return body.data;
}

function load_viewer() {
	if (window.SwaggerUIBundle) return Promise.resolve();
	$(`<link rel="stylesheet">`).attr("href", `${VIEWER}/swagger-ui.css`).appendTo(document.head);
	return new Promise((resolve, reject) => {
		const script = document.createElement("script");
		script.onload = resolve;
		script.onerror = () => reject(new Error(__("The viewer could not be loaded.")));
		script.src = `${VIEWER}/swagger-ui-bundle.js`;
		document.head.appendChild(script);
	});
}

// Of the document what the viewer needs: this site as the server, and JSON in the query as text, for which it would
// otherwise ask for a file.
function adapt_spec(spec) {
	for (const operation of Object.values(spec.paths).flatMap(Object.values)) {
		for (const { schema } of operation.parameters) if (schema) delete schema.contentMediaType;
	}
	return { ...spec, servers: [{ url: window.location.origin }] };
}

// Swagger UI parses the whole document anew for each part of it that it shows, which takes seconds. This plugin gives it
// what the part needs only.
const PARSE_PARTS_ONLY = {
	afterLoad({ fn }) {
		const resolve = fn.resolveSubtree;
		fn.resolveSubtree = (spec, path, options) => resolve(select_part(spec, path), path, options);
	},
};

// The document with one of its paths, and the components that this path refers to.
function select_part(spec, [section, name]) {
	const paths = section === "paths" ? { [name]: spec.paths[name] } : {};
	const { securitySchemes } = spec.components;
	const components = { securitySchemes };
	const unread = [paths];
	while (unread.length) {
		const references = JSON.stringify(unread.pop()).matchAll(/"\$ref":"#\/components\/([^/"]+)\/([^/"]+)"/g);
		for (const [, kind, key] of references) {
			const component = spec.components[kind]?.[key];
			if (!component || components[kind]?.[key]) continue;
			components[kind] = { ...components[kind], [key]: component };
			unread.push(component);
		}
	}
	return { ...spec, tags: [], paths, components };
}

function render_reference(panel, spec) {
	window.SwaggerUIBundle({
		domNode: $(`<div class="api-page-reference"></div>`).appendTo(panel).get(0),
		spec,
		plugins: [PARSE_PARTS_ONLY],
		docExpansion: "none",
		defaultModelsExpandDepth: -1,
		displayRequestDuration: true,
		filter: true,
		tryItOutEnabled: false,
		validatorUrl: null, // would send the document to another site
		requestInterceptor: (request) => {
			request.headers[CONTRACT_HEADER] = "1";
			request.headers["X-Frappe-CSRF-Token"] = frappe.csrf_token;
			return request;
		},
	});
}

function render_usage(panel, usage) {
	$(`<h3></h3>`).text(__("Rate limit")).appendTo(panel);
	$(`<p></p>`).text(describe_rate_limit(usage)).appendTo(panel);
	$(`<h3></h3>`).text(__("Recent unexpected errors")).appendTo(panel);
	if (!usage.recent_errors.length) {
		$(`<p></p>`).text(__("None of your requests failed unexpectedly in the last 7 days.")).appendTo(panel);
		return;
	}
	const columns = [
		["occurred_at", __("Time")],
		["request_id", __("Request ID")],
		["method", __("Method")],
		["error_class", __("Error")],
	];
	build_table(columns, usage.recent_errors).appendTo(panel);
}

function render_keys(panel, { keys }) {
	const note = $(`<p></p>`).text(__("Keys for programs that call the API as you.")).appendTo(panel);
	if (frappe.boot) $(`<a href="/app/api-key"></a>`).text(__("Manage API keys")).appendTo(note.append(" "));
	if (!keys.length) return $(`<p></p>`).text(__("You have no API keys.")).appendTo(panel);
	const columns = [
		["title", __("Name")],
		["key", __("Key")],
		["status", __("Status")],
		["expires_on", __("Expires")],
		["last_used_on", __("Last used")],
	];
	build_table(columns, keys).appendTo(panel);
}

function render_deliveries(panel, deliveries) {
	if (!deliveries.length) return $(`<p></p>`).text(__("No webhook has been called yet.")).appendTo(panel);
	const columns = [
		["queued_at", __("Time")],
		["webhook", __("Webhook")],
		["event", __("Event")],
		["reference_doctype", __("Record type")],
		["reference_name", __("Record")],
		["status", __("Status")],
		["attempts", __("Attempts")],
	];
	build_table(columns, deliveries).appendTo(panel);
}

function describe_rate_limit({ user, rate_limit }) {
	if (!rate_limit) return __("This site does not limit requests.");
	const { limit, remaining, reset } = rate_limit;
	const seconds = Math.max(0, Math.round(reset - Date.now() / 1000));
	const text = __("{0} may send {1} requests per minute; {2} are left now.", [user, limit, remaining]);
	return seconds ? `${text} ${__("All are available again in {0} seconds.", [seconds])}` : text;
}

function build_table(columns, rows) {
	const table = $(`<table class="table table-sm"><thead><tr></tr></thead><tbody></tbody></table>`);
	for (const [, label] of columns) $(`<th scope="col"></th>`).text(label).appendTo(table.find("thead tr"));
	for (const row of rows) {
		const line = $(`<tr></tr>`).appendTo(table.find("tbody"));
		for (const [fieldname] of columns) $(`<td></td>`).text(row[fieldname]).appendTo(line);
	}
	return $(`<div class="api-page-table"></div>`).append(table);
}

function show_failure(panel, error) {
	panel.empty().append($(`<p class="text-danger" role="alert"></p>`).text(error.message));
}
