// The content of a folder, or the hits of a search, as a list or a grid that the keyboard moves through.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const FOLDER_ICON = `<svg class="doc-icon doc-icon-folder" viewBox="0 0 24 24" aria-hidden="true"><path d="M3 6.5A1.5 1.5 0 0 1 4.5 5h4.6l2 2h8.4A1.5 1.5 0 0 1 21 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5z"/></svg>`;

	class Listing {
		// `handlers`: open_folder(name), open_document(doc), go_up(), close().
		constructor(parent, handlers) {
			this.handlers = handlers;
			this.parent = $(`<div class="doc-listing" role="listbox"></div>`).attr("aria-label", __("Folders and documents")).appendTo(parent);
			this.parent.on("keydown", (event) => this.handle_key(event));
			this.parent.on("click", ".doc-item", (event) => {
				this.focus($(event.currentTarget));
				this.open($(event.currentTarget));
			});
		}

		set_view(view) {
			this.parent.toggleClass("is-grid", view === "grid");
		}

		clear() {
			this.parent.empty();
		}

		add_folder(folder) {
			const item = this.make_item({ folder }, FOLDER_ICON, documents.escape(folder.title));
			item.attr("data-folder", folder.name).attr("data-path", folder.path).attr("data-access", folder.access);
			item.find(".doc-facts").text(folder.legal_hold ? __("Legal hold") : __("Folder"));
		}

		add_document(doc, users, query) {
			const title = query ? documents.highlight(doc.title, query) : documents.escape(doc.title);
			const item = this.make_item({ doc }, documents.render_file_icon(doc.mime_type, doc.file_name), title);
			item.attr("data-document", doc.document);
			item.find(".doc-status").html(documents.render_status(doc));
			if (query) return this.describe_hit(item, doc, query);
			if (doc.checked_out_by) item.find(".doc-title").append(render_lock(doc, users));
			doc.tags.forEach((tag) => $(`<span class="doc-tag"></span>`).text(tag).appendTo(item.find(".doc-title")));
			const name = users[doc.modified_by] || doc.modified_by;
			item.find(".doc-facts").text(
				doc.current_version
					? [__("v{0}", [doc.current_version]), documents.format_size(doc.file_size), __("{0} by {1}", [documents.format_ago(doc.modified), name])].join(" · ")
					: __("No file yet")
			);
		}

		describe_hit(item, hit, query) {
			item.find(".doc-facts").text(hit.document_folder);
			if (hit.snippet) $(`<div class="doc-snippet"></div>`).html(`… ${documents.highlight(hit.snippet, query)} …`).insertAfter(item.find(".doc-facts"));
		}

		make_item(data, icon, title) {
			const item = $(`<div class="doc-item" role="option" aria-selected="false" tabindex="-1">${icon}
				<div class="doc-body"><div class="doc-title">${title}</div><div class="doc-facts"></div></div><div class="doc-status"></div></div>`);
			item.data(data).appendTo(this.parent);
			if (this.list_items().length === 1) item.attr("tabindex", 0);
			return item;
		}

		list_items() {
			return this.parent.children(".doc-item");
		}

		find(name) {
			return this.list_items().filter((_, item) => $(item).attr("data-document") === name);
		}

		select(document) {
			this.list_items().attr("aria-selected", false);
			const item = this.find(document || "").attr("aria-selected", true);
			if (item.length) item[0].scrollIntoView({ block: "nearest" });
		}

		focus(item) {
			this.list_items().attr("tabindex", -1);
			item.attr("tabindex", 0).trigger("focus");
		}

		focus_current() {
			const item = this.list_items().filter("[tabindex=0]").first();
			if (item.length) item.trigger("focus");
		}

		open(item) {
			const { folder, doc } = item.data();
			if (folder) this.handlers.open_folder(folder.name);
			else this.handlers.open_document(doc);
		}

		count_columns() {
			const items = this.list_items().toArray();
			const rest = items.findIndex((item) => item.offsetTop !== items[0].offsetTop);
			return rest < 0 ? Math.max(items.length, 1) : rest;
		}

		handle_key(event) {
			if (event.ctrlKey || event.metaKey || event.altKey) return;
			const items = this.list_items();
			const index = items.index($(event.target).closest(".doc-item"));
			const row = this.parent.hasClass("is-grid") ? this.count_columns() : 1;
			const moves = { ArrowDown: row, ArrowUp: -row, Home: -items.length, End: items.length };
			const forward = frappe.utils.is_rtl() ? -1 : 1;
			if (row > 1) Object.assign(moves, { ArrowRight: forward, ArrowLeft: -forward });
			const actions = {
				Enter: () => this.open(items.eq(index)),
				" ": () => this.open(items.eq(index)),
				Backspace: () => this.handlers.go_up(),
				Escape: () => this.handlers.close(),
			};
			if (!(event.key in moves) && !actions[event.key]) return;
			event.preventDefault();
			event.stopPropagation();
			if (actions[event.key]) return actions[event.key]();
			this.focus(items.eq(Math.min(Math.max(index + moves[event.key], 0), items.length - 1)));
		}
	}

	function render_lock(doc, users) {
		return $(`<span class="indicator-pill no-indicator-dot orange"></span>`).text(__("Checked out")).attr("title", documents.describe_check_out(doc, users));
	}

	documents.Listing = Listing;
})();
