// The document browser: folder tree, path, search, list or grid, and one document beside it.
// Routes: document-browser/folder/NAME, document-browser/document/NAME, document-browser/search/WORDS
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const PAGE = "document-browser";
	const PAGE_LENGTH = 100;
	const SEARCH_DELAY = 350;
	const VIEW_KEY = "orchestrator_document_view";

	class DocumentBrowser {
		constructor(page) {
			this.page = page;
			this.body = $(`<div class="doc-browser"><nav class="doc-side"></nav>
				<section class="doc-main"><div class="doc-toolbar"></div><div class="doc-notice"></div><div class="doc-content"></div></section></div>`).appendTo(page.main);
			this.body.find(".doc-side").attr("aria-label", __("Folder tree"));
			this.toolbar = new documents.BrowserToolbar(this.body.find(".doc-toolbar"), this);
			this.tree = new documents.FolderTree(this.body.find(".doc-side"), (name) => this.open_folder(name));
			this.content = this.body.find(".doc-content");
			this.listing = new documents.Listing(this.content, {
				open_folder: (name) => this.open_folder(name),
				open_document: (doc) => this.open_document(doc.document),
				go_up: () => this.go_up(),
				close: () => this.close_document(),
			});
			this.more = documents.make_button(__("Load More"), () => this.load_more()).addClass("hidden").appendTo(this.content);
			this.message = $(`<p class="doc-message text-muted" role="status"></p>`).appendTo(this.content);
			this.sidebar = new documents.DocumentSidebar(this.body, {
				close: () => this.close_document(),
				changed: (standing) => this.reload(standing),
			});
			Object.assign(this, { rows: [], path: [], users: {}, access: {}, order: "title asc" });
			this.set_view(localStorage.getItem(VIEW_KEY) || "list");
			documents.accept_drops(this.content, () => this.folder, () => this.reload());
			new ResizeObserver(() => this.fit_height()).observe(page.wrapper.find(".page-head")[0]);
		}

		// Fills the screen below the head of the page, whose height differs with Frappe's version and the buttons.
		fit_height() {
			const scrolled = this.body.parents().toArray().reduce((sum, element) => sum + element.scrollTop, 0);
			this.body.css("--doc-top", `${this.body[0].getBoundingClientRect().top + scrolled}px`);
		}

		// Shows what the address names.
		async show() {
			if (this.is_returning) return (this.is_returning = false);
			const [, kind, ...rest] = frappe.get_route();
			const name = rest.join("/");
			const number = (this.requested = (this.requested || 0) + 1);
			this.is_current = () => number === this.requested;
			try {
				if (kind === "search" && name) await this.show_search(name);
				else if (kind === "document" && name) await this.show_document(name);
				else await this.show_folder(kind === "folder" ? name : null);
			} catch (error) {
				if (number === this.requested) this.show_failure(error);
			}
		}

		async show_folder(name, selected) {
			const is_current = this.is_current;
			const had_focus = this.content[0].contains(document.activeElement);
			this.hide_document();
			this.access = {};
			const page = await this.fetch_folder(name, 0);
			if (!is_current()) return;
			this.query = null;
			this.name = page.folder ? page.folder.name : null;
			Object.assign(this, { folder: page.folder, path: page.breadcrumb, rows: [], users: {} });
			this.toolbar.show_path(page);
			this.show_access();
			this.listing.clear();
			page.folders.forEach((folder) => this.listing.add_folder(folder));
			this.add_page(page);
			if (!page.folders.length && !page.documents.length) this.show_message(this.describe_empty());
			this.tree.reveal(page.breadcrumb);
			if (had_focus && !selected) this.listing.focus_current();
		}

		fetch_folder(folder, limit_start) {
			return documents.call("get_folder", { folder, order_by: this.order, limit_start, limit_page_length: PAGE_LENGTH });
		}

		add_page(page) {
			this.show_message("");
			Object.assign(this.users, page.users);
			page.documents.forEach((doc) => this.listing.add_document(doc, this.users));
			this.rows.push(...page.documents);
			this.more.toggleClass("hidden", !page.has_more);
		}

		async load_more() {
			this.add_page(await this.fetch_folder(this.name, this.rows.length));
		}

		describe_empty() {
			if (!this.folder) return __("You do not have access to any folder. Ask an Orchestrator Manager.");
			return this.can_write() ? __("This folder is empty. Drop files here, or use Upload.") : __("This folder is empty.");
		}

		can_write() {
			return Boolean(this.folder) && this.folder.access !== "Read";
		}

		async show_access() {
			const { folder } = this;
			this.page.clear_actions();
			const notice = this.body.find(".doc-notice").empty();
			if (this.can_write()) {
				this.page.set_primary_action(__("Upload"), () => this.pick_files(), "upload");
				this.page.set_secondary_action(__("New Folder"), () => this.create_folder(), "add");
			} else if (folder) {
				const access = await this.get_access(folder.name);
				if (this.folder === folder) notice.text(documents.explain_read_only(access));
			}
		}

		get_access(folder) {
			this.access[folder] ??= documents.call("get_access", { folder });
			return this.access[folder];
		}

		async show_search(query) {
			const is_current = this.is_current;
			this.hide_document();
			const { documents: hits } = await documents.call("search", { query, limit_page_length: PAGE_LENGTH });
			if (!is_current()) return;
			Object.assign(this, { query, rows: hits, folder: null });
			this.show_access();
			this.toolbar.show_query(query, hits.length);
			this.listing.clear();
			this.more.addClass("hidden");
			hits.forEach((hit) => this.listing.add_document(hit, {}, query));
			this.show_message(hits.length ? "" : __("No document has all of these words."));
		}

		async show_document(name) {
			const is_current = this.is_current;
			const known = this.rows.find((row) => row.document === name);
			const doc = (known && !this.query && known) || (await fetch_document(name));
			if (!is_current()) return;
			if (!this.query && this.name !== doc.document_folder) await this.show_folder(doc.document_folder, name);
			const access = await this.get_access(doc.document_folder);
			if (!is_current()) return;
			this.document = name;
			this.body.addClass("has-document");
			this.listing.select(name);
			this.sidebar.show(doc, access, this.users);
			this.sidebar.focus();
		}

		hide_document() {
			this.document = null;
			this.body.removeClass("has-document");
			this.listing.select(null);
			this.sidebar.hide();
		}

		// Closes the document and leaves the list as it is.
		close_document() {
			if (!this.document) return;
			const item = this.listing.find(this.document);
			this.hide_document();
			if (item.length) this.listing.focus(item);
			this.is_returning = true;
			if (this.query) frappe.set_route(PAGE, "search", this.query);
			else this.open_folder(this.name);
		}

		async reload(standing) {
			if (this.query) return this.show();
			const name = this.document;
			const tree = this.name;
			// A document that was moved away is shown in its new folder.
			if (standing && standing.document_folder && standing.document_folder !== this.name) this.name = standing.document_folder;
			await this.show_folder(this.name, name);
			this.tree.reload(tree);
			if (name) await this.show_document(name);
		}

		open_folder(name) {
			if (name) frappe.set_route(PAGE, "folder", name);
			else frappe.set_route(PAGE);
		}

		open_document(name) {
			frappe.set_route(PAGE, "document", name);
		}

		go_up() {
			if (this.query) return this.open_folder(this.name);
			const parent = this.path[this.path.length - 2];
			if (this.folder) this.open_folder(parent?.name);
		}

		search(query) {
			clearTimeout(this.search_timer);
			this.search_timer = setTimeout(() => {
				if (query) frappe.set_route(PAGE, "search", query);
				else if (this.query) this.open_folder(this.name);
			}, SEARCH_DELAY);
		}

		set_view(view) {
			localStorage.setItem(VIEW_KEY, view);
			this.listing.set_view(view);
			this.toolbar.show_view(view);
		}

		set_order(order) {
			this.order = order;
			if (!this.query) this.reload();
		}

		pick_files() {
			documents.pick_files(true, (files) => documents.uploads.add(files, this.folder.path, () => this.reload()));
		}

		create_folder() {
			const parent = this.folder;
			frappe.prompt(
				[{ fieldname: "title", fieldtype: "Data", label: __("Name of the Folder"), reqd: 1 }],
				async ({ title }) => {
					const doc = { doctype: "Document Folder", title, parent_document_folder: parent.name };
					try {
						await documents.call("frappe.client.insert", { doc }, "POST");
						await this.reload();
					} catch (error) {
						documents.show_error(error);
					}
				},
				__("New Folder in {0}", [documents.escape(parent.title)]),
				__("Create")
			);
		}

		show_message(text) {
			this.message.text(text).toggleClass("hidden", !text);
		}

		show_failure(error) {
			this.listing.clear();
			this.more.addClass("hidden");
			Object.assign(this, { folder: null, name: null, path: [], rows: [] });
			this.show_access();
			this.toolbar.show_path({ folder: null, breadcrumb: [] });
			this.show_message(error.message);
		}
	}

	async function fetch_document(name) {
		const doc = await documents.call("frappe.client.get", { doctype: "Document", name });
		return { ...doc, document: doc.name, tags: (doc._user_tags || "").split(",").filter(Boolean) };
	}

	documents.DocumentBrowser = DocumentBrowser;
})();
