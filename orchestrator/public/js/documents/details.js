// A document with its preview, versions, access and audit trail in tabs. Used by the browser and by the form.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;

	class DocumentPanel {
		// `changed` is called after each change of the document.
		constructor(parent, changed) {
			this.parent = $(parent).addClass("doc-panel");
			this.changed = changed;
			this.id = frappe.utils.get_random(6);
			this.tabs = [
				["preview", __("Preview"), (panel) => this.show_preview(panel)],
				["versions", __("Versions"), (panel) => this.show_versions(panel)],
				["access", __("Access"), (panel) => documents.render_access(panel, this.access)],
				["activity", __("Activity"), (panel) => documents.render_trail(panel, this.doc, this.access)],
			];
			this.make_tabs();
		}

		make_tabs() {
			this.list = $(`<div class="doc-tabs" role="tablist"></div>`).appendTo(this.parent);
			for (const [name, label] of this.tabs) {
				$(`<button type="button" role="tab"></button>`)
					.attr({ id: `doc-tab-${name}-${this.id}`, "aria-controls": `doc-panel-${name}-${this.id}`, "data-tab": name })
					.text(label)
					.on("click", () => this.open(name))
					.appendTo(this.list);
				$(`<div class="doc-tab-panel" role="tabpanel" tabindex="0"></div>`)
					.attr({ id: `doc-panel-${name}-${this.id}`, "aria-labelledby": `doc-tab-${name}-${this.id}`, "data-panel": name })
					.appendTo(this.parent);
			}
			this.list.on("keydown", (event) => this.move_focus(event));
			this.preview = new documents.Preview($(`<div></div>`).appendTo(this.get_panel("preview")));
			this.versions = new documents.VersionList(this.get_panel("versions"), {
				show: (number) => this.open("preview", number),
				changed: () => this.changed(),
			});
		}

		get_panel(name) {
			return this.parent.find(`> [data-panel="${name}"]`);
		}

		move_focus(event) {
			const forward = frappe.utils.is_rtl() ? -1 : 1;
				const step = { ArrowRight: forward, ArrowLeft: -forward }[event.key];
			if (!step) return;
			event.preventDefault();
			event.stopPropagation();
			const index = this.tabs.findIndex(([name]) => name === this.opened);
			const [name] = this.tabs[(index + step + this.tabs.length) % this.tabs.length];
			this.open(name);
			this.list.find(`[data-tab="${name}"]`).trigger("focus");
		}

		// Shows a document: `doc` as get_folder lists it, `access` as get_access returns it.
		show(doc, access) {
			const is_same = this.doc && this.doc.document === doc.document;
			Object.assign(this, { doc, access, version: doc.current_version });
			this.open((is_same && this.opened) || "preview");
		}

		open(opened, version) {
			this.opened = opened;
			this.version = version || this.doc.current_version;
			for (const [name, , show] of this.tabs) {
				const selected = name === opened;
				this.list.find(`[data-tab="${name}"]`).attr({ "aria-selected": selected, tabindex: selected ? 0 : -1 });
				const panel = this.get_panel(name).toggle(selected);
				if (selected) Promise.resolve(show(panel)).catch(documents.show_error);
			}
		}

		show_preview(panel) {
			panel.find("> .doc-older").remove();
			if (!this.doc.current_version) return this.preview.show_message(__("This document has no file yet. Add a version."));
			if (this.version !== this.doc.current_version) {
				$(`<p class="doc-older small"></p>`)
					.text(__("This is version {0}; the current one is {1}.", [this.version, this.doc.current_version]))
					.prependTo(panel);
			}
			return this.preview.show(this.doc.document, this.version);
		}

		show_versions() {
			return this.versions.load(this.doc, this.access);
		}

		close() {
			this.preview.close();
		}
	}

	documents.DocumentPanel = DocumentPanel;
})();
