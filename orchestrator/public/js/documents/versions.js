// The tabs beside a document's preview: its versions, who has access to it, and its audit trail.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const PAGE = 20;

	// Versions, latest first. `actions` has show(number) and changed().
	class VersionList {
		constructor(parent, actions) {
			this.parent = $(parent);
			this.actions = actions;
		}

		async load(doc, access) {
			Object.assign(this, { doc, access, versions: [], users: {} });
			this.parent.empty();
			this.list = $(`<ul class="doc-versions"></ul>`).appendTo(this.parent);
			this.more = make_button(__("Load More"), () => this.load_page()).addClass("hidden").appendTo(this.parent);
			await this.load_page();
			if (this.versions.length > 1) {
				make_button(__("Compare Versions"), () => this.compare(this.versions[1].number, this.versions[0].number))
					.addClass("doc-compare")
					.prependTo(this.parent);
			}
		}

		async load_page() {
			const page = await documents.call("get_versions", {
				document: this.doc.document,
				limit_start: this.versions.length,
				limit_page_length: PAGE,
			});
			Object.assign(this.users, page.users);
			page.versions.forEach((version) => this.add(version));
			this.versions.push(...page.versions);
			this.more.toggleClass("hidden", this.versions.length >= page.total);
		}

		add(version) {
			const line = $(`<li><div class="doc-version-head"><b></b> <span class="doc-marks"></span></div>
				<div class="doc-notes"></div><div class="text-muted small"></div><div class="doc-version-actions"></div></li>`);
			line.find("b").text(__("Version {0}", [version.number]));
			line.find(".doc-marks").html(this.render_marks(version));
			line.find(".doc-notes").text(version.notes || "");
			line.find(".text-muted").text(
				[this.users[version.author] || version.author, documents.format_time(version.creation), version.file_name, documents.format_size(version.file_size)].join(" · ")
			);
			line.find(".doc-version-actions").append(...this.list_actions(version));
			this.list.append(line);
		}

		render_marks(version) {
			const pill = (label, color) => `<span class="indicator-pill no-indicator-dot ${color}">${documents.escape(label)}</span>`;
			const marks = [];
			if (version.number === this.doc.current_version) marks.push(pill(__("Current"), "blue"));
			if (version.number === this.doc.approved_version) marks.push(pill(__("Approved"), "green"));
			if (version.restored_from) marks.push(pill(__("Restored from version {0}", [version.restored_from]), "gray"));
			return marks.join(" ");
		}

		list_actions(version) {
			const { document, current_version, approved_version, status } = this.doc;
			const number = version.number;
			const buttons = [
				make_button(__("Show"), () => this.actions.show(number)),
				$(`<a class="btn btn-xs btn-default" target="_blank" rel="noopener"></a>`)
					.attr("href", documents.get_download_url(document, number))
					.text(__("Download")),
			];
			if (number !== current_version) {
				buttons.push(make_button(__("Compare with Current"), () => this.compare(number, current_version)));
			}
			if (this.access.access === "Read") return buttons;
			if (number !== current_version) buttons.push(make_button(__("Restore"), () => this.restore(number)));
			if (number !== approved_version || status !== "Approved") {
				buttons.push(make_button(__("Approve"), () => this.run("approve_version", { version: number })));
			}
			return buttons;
		}

		compare(first, second) {
			documents.show_comparison(this.doc.document, this.versions, this.users, first, second);
		}

		restore(number) {
			frappe.prompt(
				[{ fieldname: "version_notes", fieldtype: "Small Text", label: __("Notes"), default: __("Restored from version {0}", [number]) }],
				({ version_notes }) => this.run("restore_version", { version: number, version_notes }),
				__("Restore Version {0} as Version {1}", [number, this.doc.current_version + 1]),
				__("Restore")
			);
		}

		async run(method, args) {
			try {
				await documents.call(method, { document: this.doc.document, ...args }, "POST");
				this.actions.changed();
			} catch (error) {
				documents.show_error(error);
			}
		}
	}

	function make_button(label, action) {
		return $(`<button type="button" class="btn btn-xs btn-default"></button>`).text(label).on("click", action);
	}

	function render_access(parent, access) {
		parent = $(parent).empty();
		$(`<p></p>`).text(__("Your access to {0}: {1}", [access.path, __(access.access)])).appendTo(parent);
		if (access.access === "Read") $(`<p class="text-muted"></p>`).text(documents.explain_read_only(access)).appendTo(parent);
		const table = $(`<table class="table table-sm"><thead><tr></tr></thead><tbody></tbody></table>`).appendTo(parent);
		[__("Who"), __("Access"), __("Granted On")].forEach((label) => $(`<th scope="col"></th>`).text(label).appendTo(table.find("thead tr")));
		for (const grant of access.grants) {
			const line = $(`<tr><td></td><td></td><td></td></tr>`).appendTo(table.find("tbody"));
			line.find("td").eq(0).text(grant.grantee_type === "User" ? grant.label : `${grant.label} (${__(grant.grantee_type)})`);
			line.find("td").eq(1).text(__(grant.access));
			line.find("td").eq(2).text(grant.inherited ? grant.folder : __("This folder"));
		}
		$(`<p class="text-muted small"></p>`)
			.text(__("System Managers and Orchestrator Managers manage all documents. Grants on folders that you may not read are not listed."))
			.appendTo(parent);
		if (access.access !== "Manage") return;
		make_button(__("Change Access"), () => frappe.set_route("Form", "Document Folder", access.folder)).appendTo(parent);
	}

	async function render_trail(parent, doc, access, entries = []) {
		parent = $(parent);
		if (access.access !== "Manage") {
			parent.empty();
			return $(`<p class="doc-message text-muted"></p>`).text(__("Only users who manage this folder can see the audit trail.")).appendTo(parent);
		}
		const page = await documents.call("get_audit_trail", { document: doc.document, limit_start: entries.length, limit_page_length: PAGE });
		if (!entries.length) parent.html(`<ol class="doc-trail"></ol>`);
		for (const entry of page.entries) {
			const line = $(`<li><b></b> <span></span><div class="text-muted small"></div></li>`).appendTo(parent.find("ol"));
			line.find("b").text(page.users[entry.user] || entry.user);
			line.find("span").text(describe_entry(entry));
			line.find(".text-muted").text([documents.format_time(entry.creation), entry.ip_address].filter(Boolean).join(" · "));
		}
		entries = entries.concat(page.entries);
		parent.find("> button").remove();
		if (entries.length < page.total) {
			make_button(__("Load More"), () => render_trail(parent, doc, access, entries)).appendTo(parent);
		}
	}

	function describe_entry(entry) {
		const { fields } = JSON.parse(entry.details || "{}");
		const labels = (fields || []).map((field) => __(frappe.meta.get_label("Document", field)));
		const parts = [__(entry.action)];
		if (labels.length) parts.push(`(${labels.join(", ")})`);
		if (entry.version) parts.push(`– ${__("version {0}", [entry.version])}`);
		return parts.join(" ");
	}

	Object.assign(documents, { VersionList, make_button, render_access, render_trail });
})();
