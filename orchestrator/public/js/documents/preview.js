// The preview of one version: text, a table, an image or a PDF. HTML and SVG never become part of the page.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const POLL_MILLISECONDS = 1500;
	const MAX_POLLS = 40;

	class Preview {
		constructor(parent) {
			this.parent = $(parent).addClass("doc-preview");
		}

		async show(document, version) {
			const wanted = `${document}/${version}`;
			this.close();
			this.wanted = wanted;
			this.show_message(__("Loading the preview…"));
			try {
				const preview = await this.fetch(document, version);
				if (preview && this.wanted === wanted) await this.render(preview);
			} catch (error) {
				if (this.wanted === wanted) this.show_failure(document, version, error);
			}
		}

		// Returns the preview when it is ready; an Office file is converted first.
		async fetch(document, version) {
			const wanted = this.wanted;
			for (let poll = 0; poll < MAX_POLLS && this.wanted === wanted; poll++) {
				const preview = await documents.call("get_preview", { document, version });
				if (preview.state !== "Converting") return preview;
				this.show_message(__("Converting the file for the preview…"));
				await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
			}
			if (this.wanted === wanted) throw new Error(__("The conversion takes longer than usual. Try again later."));
		}

		async render(preview) {
			const renderers = { text: render_text, table: render_table, image: render_image, pdf: render_pdf };
			const renderer = renderers[preview.kind];
			if (!renderer) return this.show_failure(preview.document, preview.version, new Error(preview.message));
			const body = $(`<div class="doc-preview-body"></div>`);
			this.parent.empty().append(body).attr("data-state", "ready");
			if (preview.truncated) {
				$(`<p class="text-muted small"></p>`).text(__("Only the beginning is shown. Download the file for the rest.")).prependTo(this.parent);
			}
			this.viewer = await renderer(body, preview);
		}

		show_message(text) {
			this.parent.attr("data-state", "loading").empty();
			$(`<p class="doc-message text-muted" role="status"></p>`).text(text).appendTo(this.parent);
		}

		show_failure(document, version, error) {
			const password = error.name === "PasswordException";
			const damaged = error.name === "InvalidPDFException";
			this.show_message(
				password ? __("This PDF is protected by a password.") : damaged ? __("This PDF is damaged.") : error.message
			);
			this.parent.attr("data-state", "none");
			$(`<a class="btn btn-default btn-sm" target="_blank" rel="noopener"></a>`)
				.attr("href", documents.get_download_url(document, version))
				.text(__("Download"))
				.appendTo($(`<div class="text-center"></div>`).appendTo(this.parent));
		}

		close() {
			this.wanted = null;
			this.viewer?.close?.();
			this.viewer = null;
			this.parent.empty();
		}
	}

	function render_text(body, preview) {
		$(`<pre class="doc-text" tabindex="0"></pre>`).text(preview.text).appendTo(body);
	}

	function render_table(body, preview) {
		const table = $(`<table class="table table-bordered table-sm"><thead><tr></tr></thead><tbody></tbody></table>`);
		const [head, ...rows] = preview.rows;
		head.forEach((cell) => $(`<th scope="col"></th>`).text(cell).appendTo(table.find("thead tr")));
		for (const row of rows) {
			const line = $("<tr></tr>").appendTo(table.find("tbody"));
			row.forEach((cell) => $("<td></td>").text(cell).appendTo(line));
		}
		$(`<div class="doc-table" tabindex="0"></div>`).append(table).appendTo(body);
	}

	// Scripts in an SVG do not run in an <img>, and the reply's own policy forbids them on a page of its own.
	function render_image(body, preview) {
		return new Promise((resolve, reject) => {
			$(`<img class="doc-image">`)
				.attr("alt", preview.file_name)
				.on("load", () => resolve())
				.on("error", () => reject(new Error(__("This image cannot be shown. Download the file to open it."))))
				.attr("src", preview.url)
				.appendTo(body);
		});
	}

	async function render_pdf(body, preview) {
		const reply = await fetch(preview.url, { headers: { [documents.CONTRACT_HEADER]: "1" } });
		if (!reply.ok) documents.parse_reply(reply.status, await reply.text());
		const viewer = new documents.PdfViewer(body, new Uint8Array(await reply.arrayBuffer()));
		await viewer.show();
		return viewer;
	}

	documents.Preview = Preview;
})();
