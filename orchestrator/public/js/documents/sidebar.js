// The panel beside the list: one document, what may be done with it, and its tabs.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const MAX_BUTTONS = 2;

	class DocumentSidebar {
		// `handlers`: close(), changed(standing).
		constructor(parent, handlers) {
			this.handlers = handlers;
			this.parent = $(`<aside class="doc-sidebar hidden" tabindex="-1"></aside>`).attr("aria-label", __("Document")).appendTo(parent);
			this.head = $(`<header></header>`).appendTo(this.parent);
			this.panel = new documents.DocumentPanel($(`<div></div>`).appendTo(this.parent), () => handlers.changed());
			this.parent.on("keydown", (event) => {
				if (event.key !== "Escape" || $(event.target).is("input, textarea")) return;
				event.stopPropagation();
				handlers.close();
			});
		}

		show(doc, access, users) {
			this.parent.removeClass("hidden");
			this.render_head(doc, access, users);
			this.panel.show(doc, access);
		}

		focus() {
			this.parent.trigger("focus");
		}

		hide() {
			this.parent.addClass("hidden").removeClass("is-wide");
			this.panel.close();
		}

		render_head(doc, access, users) {
			this.head.html(`<div class="doc-sidebar-title"><h3></h3><div class="doc-sidebar-tools"></div></div>
				<div class="doc-sidebar-facts text-muted small"></div><div class="doc-sidebar-notices"></div><div class="doc-sidebar-actions"></div>`);
			this.head.find("h3").text(doc.title);
			const wide = this.make_tool("⤢", __("Full width"), () => wide.attr("aria-pressed", this.parent.toggleClass("is-wide").hasClass("is-wide")));
			wide.attr("aria-pressed", this.parent.hasClass("is-wide")).addClass("doc-wide");
			const close = this.make_tool("✕", __("Close"), () => this.handlers.close());
			this.head.find(".doc-sidebar-tools").append(wide, close);
			this.head.find(".doc-sidebar-facts").html(`${documents.render_status(doc)} <span></span>`);
			const facts = [doc.file_name !== doc.title && doc.file_name, doc.current_version && documents.format_size(doc.file_size), documents.format_time(doc.modified)];
			this.head.find(".doc-sidebar-facts span").last().text(facts.filter(Boolean).join(" · "));
			this.add_notice(documents.describe_check_out(doc, users), "orange");
			if (access.access === "Read") this.add_notice(documents.explain_read_only(access), "gray");
			this.add_actions(doc, access);
		}

		make_tool(text, label, action) {
			return $(`<button type="button" class="btn btn-xs btn-default"></button>`).text(text).attr({ "aria-label": label, title: label }).on("click", action);
		}

		add_notice(text, color) {
			if (text) $(`<p class="indicator ${color} small"></p>`).text(text).appendTo(this.head.find(".doc-sidebar-notices"));
		}

		add_actions(doc, access) {
			const bar = this.head.find(".doc-sidebar-actions");
			if (doc.current_version) {
				$(`<a class="btn btn-default btn-sm" target="_blank" rel="noopener"></a>`).attr("href", documents.get_download_url(doc.document)).text(__("Download")).appendTo(bar);
			}
			const actions = documents.list_actions(doc, access, (standing) => this.handlers.changed(standing));
			for (const [label, action] of actions.slice(0, MAX_BUTTONS)) {
				$(`<button type="button" class="btn btn-default btn-sm"></button>`).text(label).on("click", action).appendTo(bar);
			}
			const rest = [...actions.slice(MAX_BUTTONS), [__("Open Form"), () => frappe.set_route("Form", "Document", doc.document)]];
			bar.append(render_menu(rest));
		}
	}

	function render_menu(actions) {
		const menu = $(`<div class="dropdown"><button type="button" class="btn btn-default btn-sm" data-toggle="dropdown" aria-haspopup="true" aria-expanded="false"></button>
			<ul class="dropdown-menu dropdown-menu-right" role="menu"></ul></div>`);
		menu.find("> button").text("⋯").attr({ "aria-label": __("More actions"), title: __("More actions") });
		for (const [label, action] of actions) {
			$(`<li role="none"><button type="button" class="dropdown-item" role="menuitem"></button></li>`)
				.appendTo(menu.find("ul"))
				.find("button")
				.text(label)
				.on("click", action);
		}
		return menu;
	}

	documents.DocumentSidebar = DocumentSidebar;
})();
