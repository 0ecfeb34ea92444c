// Path, search, order and view of the document browser, and files that are dropped on it.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const ORDERS = [
		["title asc", __("Name, A to Z")],
		["title desc", __("Name, Z to A")],
		["modified desc", __("Latest first")],
		["modified asc", __("Oldest first")],
		["file_size desc", __("Largest first")],
		["file_size asc", __("Smallest first")],
	];
	const VIEWS = [
		["list", __("List"), "☰"],
		["grid", __("Grid"), "▦"],
	];

	class BrowserToolbar {
		constructor(parent, browser) {
			this.path = $(`<nav class="doc-path"><ol></ol></nav>`).attr("aria-label", __("Path")).appendTo(parent);
			const tools = $(`<div class="doc-tools"></div>`).appendTo(parent);
			this.search = $(`<input type="search" class="form-control input-sm">`).attr({ placeholder: __("Search documents"), "aria-label": __("Search documents") });
			this.search.on("input", () => browser.search(this.search.val().trim())).appendTo(tools);
			const order = $(`<select class="form-control input-sm"></select>`).attr("aria-label", __("Sort Order")).appendTo(tools);
			ORDERS.forEach(([value, label]) => $("<option></option>").val(value).text(label).appendTo(order));
			order.on("change", () => browser.set_order(order.val()));
			this.views = $(`<div class="btn-group" role="group"></div>`).attr("aria-label", __("View")).appendTo(tools);
			for (const [name, label, sign] of VIEWS) {
				$(`<button type="button" class="btn btn-default btn-sm"></button>`)
					.text(sign)
					.attr({ "data-view": name, "aria-label": label, title: label })
					.on("click", () => browser.set_view(name))
					.appendTo(this.views);
			}
			this.browser = browser;
		}

		show_view(view) {
			this.views.find("button").each((_, button) => {
				const pressed = $(button).attr("data-view") === view;
				$(button).attr("aria-pressed", pressed).toggleClass("active", pressed);
			});
		}

		show_path({ folder, breadcrumb }) {
			this.search.val("");
			const list = this.path.find("ol").empty();
			const starts_at_root = breadcrumb.length && breadcrumb[0].name === "Documents";
			const steps = starts_at_root ? breadcrumb : [{ name: null, title: __("Documents") }, ...breadcrumb];
			const current = folder ? folder.name : null;
			for (const step of steps) {
				const item = $("<li></li>").appendTo(list);
				if (step.name === current) $(`<span aria-current="page"></span>`).text(step.title).appendTo(item);
				else make_link(step.title, () => this.browser.open_folder(step.name)).appendTo(item);
			}
		}

		show_query(query, count) {
			if (document.activeElement !== this.search[0]) this.search.val(query);
			const list = this.path.find("ol").empty();
			make_link(__("Documents"), () => this.browser.open_folder(this.browser.name)).appendTo($("<li></li>").appendTo(list));
			const text = count === 1 ? __("1 document found") : __("{0} documents found", [count]);
			$(`<span role="status"></span>`).text(text).appendTo($("<li></li>").appendTo(list));
		}
	}

	function make_link(text, action) {
		return $(`<button type="button" class="btn btn-link"></button>`).text(text).on("click", action);
	}

	// Uploads files that are dropped on the list: into the folder under the pointer, else into the current one.
	function accept_drops(area, get_folder, on_done) {
		const find_target = (event) => {
			const item = $(event.target).closest("[data-folder]");
			if (item.length) return { path: item.attr("data-path"), title: item.find(".doc-title").text(), access: item.attr("data-access"), item };
			const folder = get_folder();
			return folder && { ...folder, item: area };
		};
		const clear = () => area.find(".is-target").addBack().removeClass("is-target");
		area.on("dragover", (event) => {
			if (!has_files(event)) return;
			event.preventDefault();
			clear();
			const target = find_target(event);
			const allowed = target && target.access !== "Read";
			event.originalEvent.dataTransfer.dropEffect = allowed ? "copy" : "none";
			if (allowed) target.item.addClass("is-target");
		});
		area.on("dragleave", (event) => {
			if (!area[0].contains(event.relatedTarget)) clear();
		});
		area.on("drop", (event) => {
			if (!has_files(event)) return;
			event.preventDefault();
			clear();
			const target = find_target(event);
			const files = list_files(event.originalEvent.dataTransfer);
			if (!target || target.access === "Read") {
				return frappe.show_alert({ message: __("You need write access to a folder to upload files there."), indicator: "orange" });
			}
			if (files.length) documents.uploads.add(files, target.path, on_done);
		});
	}

	// Returns the dropped files. A browser passes folders as files that cannot be read.
	function list_files(transfer) {
		const items = [...transfer.items].filter((item) => item.kind === "file");
		const files = items.filter((item) => !item.webkitGetAsEntry?.()?.isDirectory).map((item) => item.getAsFile());
		if (files.length < items.length) {
			frappe.show_alert({ message: __("Folders are not uploaded. Drop the files in them."), indicator: "orange" });
		}
		return files;
	}

	function has_files(event) {
		return [...(event.originalEvent.dataTransfer?.types || [])].includes("Files");
	}

	Object.assign(documents, { BrowserToolbar, accept_drops });
})();
