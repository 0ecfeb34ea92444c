// PDF files, drawn page by page by PDF.js. Nothing in a file runs: scripts, forms and links are not supported.
frappe.provide("orchestrator.documents");

(() => {
	const VIEWER = "/assets/orchestrator/pdfjs";
	const ZOOM_STEP = 1.25;
	const MIN_ZOOM = 0.5;
	const MAX_ZOOM = 4;
	const MARGIN = 24;

	let library;
	function load_library() {
		library ??= import(`${VIEWER}/pdf.min.js`).then((pdfjs) => {
			pdfjs.GlobalWorkerOptions.workerSrc = `${VIEWER}/pdf.worker.min.js`;
			return pdfjs;
		});
		return library;
	}

	class PdfViewer {
		constructor(parent, bytes) {
			this.parent = parent;
			this.bytes = bytes;
			this.zoom = 1;
		}

		async show() {
			this.pdfjs = await load_library();
			const task = this.pdfjs.getDocument({
				data: this.bytes,
				cMapUrl: `${VIEWER}/cmaps/`,
				standardFontDataUrl: `${VIEWER}/standard_fonts/`,
				wasmUrl: `${VIEWER}/wasm/`,
				isEvalSupported: false,
				enableXfa: false,
			});
			this.file = await task.promise;
			this.make_toolbar();
			this.pages = $(`<div class="doc-pdf-pages" tabindex="0" role="document"></div>`).appendTo(this.parent);
			this.pages.attr("aria-label", __("Pages"));
			this.draw();
		}

		make_toolbar() {
			const toolbar = $(`<div class="doc-pdf-toolbar"><span class="text-muted small"></span></div>`).appendTo(this.parent);
			const count = this.file.numPages;
			toolbar.find("span").text(count === 1 ? __("1 page") : __("{0} pages", [count]));
			for (const [text, label, factor] of [
				["−", __("Zoom out"), 1 / ZOOM_STEP],
				["+", __("Zoom in"), ZOOM_STEP],
			]) {
				$(`<button type="button" class="btn btn-xs btn-default"></button>`)
					.text(text)
					.attr({ "aria-label": label, title: label })
					.on("click", () => this.set_zoom(this.zoom * factor))
					.appendTo(toolbar);
			}
		}

		set_zoom(zoom) {
			this.zoom = Math.min(Math.max(zoom, MIN_ZOOM), MAX_ZOOM);
			this.draw();
		}

		async draw() {
			const first = await this.file.getPage(1);
			const size = first.getViewport({ scale: 1 });
			const width = Math.max(this.pages.width() - MARGIN, 100) * this.zoom;
			this.observer?.disconnect();
			this.observer = new IntersectionObserver((entries) => this.draw_visible(entries), { rootMargin: "400px" });
			this.pages.empty();
			for (let number = 1; number <= this.file.numPages; number++) {
				const box = $(`<div class="doc-pdf-page"></div>`).attr("data-page", number).appendTo(this.pages);
				box.css({ width, height: (width * size.height) / size.width });
				this.observer.observe(box[0]);
			}
		}

		draw_visible(entries) {
			for (const { isIntersecting, target } of entries) {
				if (!isIntersecting) continue;
				this.observer.unobserve(target);
				this.draw_page($(target)).catch((error) => {
					if (error.name !== "RenderingCancelledException") console.warn(error);
				});
			}
		}

		async draw_page(box) {
			const number = Number(box.attr("data-page"));
			const page = await this.file.getPage(number);
			const scale = box.width() / page.getViewport({ scale: 1 }).width;
			const viewport = page.getViewport({ scale });
			const ratio = window.devicePixelRatio || 1;
			const canvas = $(`<canvas></canvas>`).attr({
				width: Math.floor(viewport.width * ratio),
				height: Math.floor(viewport.height * ratio),
				role: "img",
				"aria-label": __("Page {0}", [number]),
			});
			box.css({ height: viewport.height, "--total-scale-factor": scale }).empty().append(canvas);
			const transform = ratio === 1 ? null : [ratio, 0, 0, ratio, 0, 0];
			await page.render({ canvas: canvas[0], canvasContext: canvas[0].getContext("2d"), viewport, transform }).promise;
			const container = $(`<div class="textLayer"></div>`).appendTo(box)[0];
			await new this.pdfjs.TextLayer({ textContentSource: page.streamTextContent(), container, viewport }).render();
		}

		close() {
			this.observer?.disconnect();
			this.file?.loadingTask.destroy();
		}
	}

	orchestrator.documents.PdfViewer = PdfViewer;
})();
