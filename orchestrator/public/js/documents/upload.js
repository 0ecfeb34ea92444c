// Uploads, two at a time, with their progress in a panel that stays while the user moves on.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const PARALLEL = 2;

	class UploadQueue {
		constructor() {
			this.waiting = [];
			this.running = 0;
			window.addEventListener("beforeunload", (event) => this.running && event.preventDefault());
		}

		// Adds files for a folder, given by its path. `on_done` is called when all of them have been sent.
		add(files, path, on_done) {
			const batch = { left: files.length, on_done };
			for (const file of files) {
				const form = new FormData();
				form.append("file", file, file.name);
				form.append("folder", path);
				this.enqueue(file, "upload_file", form, batch);
			}
		}

		// Adds a file as the next version of a document.
		add_version(file, document, notes, on_done) {
			const form = new FormData();
			form.append("file", file, file.name);
			form.append("document", document);
			if (notes) form.append("version_notes", notes);
			this.enqueue(file, "orchestrator.docs.create_version", form, { left: 1, on_done });
		}

		enqueue(file, method, form, batch) {
			const task = { method, form, batch, line: this.make_line(file) };
			task.line.cancel = () => this.cancel(task);
			this.waiting.push(task);
			this.start();
		}

		// Cancels an upload that has not begun.
		cancel(task) {
			this.waiting = this.waiting.filter((other) => other !== task);
			this.close(task, () => task.line.fail(__("Cancelled.")));
		}

		start() {
			while (this.running < PARALLEL && this.waiting.length) this.send(this.waiting.shift());
		}

		send(task) {
			this.running += 1;
			const request = new XMLHttpRequest();
			request.open("POST", `/api/method/${task.method}`);
			request.setRequestHeader("Accept", "application/json");
			request.setRequestHeader("X-Frappe-CSRF-Token", frappe.csrf_token);
			request.setRequestHeader(documents.CONTRACT_HEADER, "1");
			request.upload.onprogress = (event) => task.line.set_progress(event.loaded / Math.max(event.total, 1));
			request.onloadend = () => {
				this.running -= 1;
				this.finish(task, request);
				this.start();
			};
			task.line.cancel = () => request.abort();
			request.send(task.form);
		}

		finish(task, request) {
			this.close(task, () => {
				try {
					if (!request.status) throw new Error(__("The upload was interrupted."));
					const data = documents.parse_reply(request.status, request.responseText);
					task.line.succeed(describe_result(data, request.status));
				} catch (error) {
					task.line.fail(error.message);
				}
			});
		}

		close(task, show_result) {
			show_result();
			task.batch.left -= 1;
			if (!task.batch.left) task.batch.on_done?.();
		}

		make_line(file) {
			this.panel ??= make_panel(() => (this.panel = null));
			const line = $(
				`<li><div class="doc-upload-name"><span></span><button type="button" class="btn btn-xs btn-link"></button></div>
				<div class="progress"><div class="progress-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"></div></div>
				<div class="doc-upload-note text-muted small"></div></li>`
			).appendTo(this.panel.find("ul"));
			line.find("span").text(file.name);
			line.find(".progress-bar").attr("aria-label", file.name);
			line.find(".doc-upload-note").text(documents.format_size(file.size));
			const controls = {
				set_progress: (part) => {
					const percent = Math.round(part * 100);
					line.find(".progress-bar").css("width", `${percent}%`).attr("aria-valuenow", percent);
				},
				succeed: (note) => finish_line(line, note, "is-done"),
				fail: (note) => finish_line(line, note, "is-failed"),
			};
			line.find("button").text(__("Cancel")).on("click", () => controls.cancel?.());
			return controls;
		}
	}

	function finish_line(line, note, state) {
		line.addClass(state).find(".doc-upload-note").text(note);
		line.find(".progress, button").remove();
	}

	function describe_result(data, status) {
		if (data.number) return __("Added as version {0}", [data.number]);
		if (status === 200) return __("Nothing to do: this is the content of version {0} already", [data.version]);
		return data.version > 1 ? __("Added as version {0}", [data.version]) : __("Uploaded");
	}

	function make_panel(on_close) {
		const panel = $(
			`<section class="doc-uploads" role="status"><header><b></b>
			<button type="button" class="btn btn-xs btn-default"></button></header><ul></ul></section>`
		).appendTo(document.body);
		panel.attr("aria-label", __("Uploads")).find("b").text(__("Uploads"));
		panel
			.find("header button")
			.text(__("Close"))
			.on("click", () => {
				panel.remove();
				on_close();
			});
		return panel;
	}

	// Opens the file dialog of the system. It must be called while a click or a key press is handled.
	function pick_files(multiple, on_pick) {
		const input = $(`<input type="file" class="hidden" tabindex="-1">`).prop("multiple", multiple).appendTo(document.body);
		input.attr("aria-label", __("Files to upload"));
		input.on("change", () => {
			const files = [...input[0].files];
			input.remove();
			if (files.length) on_pick(files);
		});
		input[0].click();
	}

	// Asks for a folder and uploads files to it.
	function ask_and_upload(folder, on_done) {
		const dialog = new frappe.ui.Dialog({
			title: __("Upload Documents"),
			fields: [
				{
					fieldname: "folder",
					fieldtype: "Link",
					options: "Document Folder",
					label: __("Folder"),
					reqd: 1,
					default: folder,
					description: __("A file with the name of a document there becomes its next version."),
				},
			],
			primary_action_label: __("Choose Files"),
			primary_action: ({ folder }) => {
				dialog.hide();
				pick_files(true, async (files) => {
					try {
						const access = await documents.call("get_access", { folder });
						documents.uploads.add(files, access.path, on_done);
					} catch (error) {
						documents.show_error(error);
					}
				});
			},
		});
		dialog.show();
	}

	function ask_notes_and_add_version(document, file, on_done) {
		frappe.prompt(
			[{ fieldname: "notes", fieldtype: "Small Text", label: __("What changed in this version?") }],
			({ notes }) => documents.uploads.add_version(file, document, notes, on_done),
			__("New Version: {0}", [documents.escape(file.name)]),
			__("Add Version")
		);
	}

	// Lets the user choose a file for the next version of a document.
	function pick_version(document, on_done) {
		pick_files(false, ([file]) => ask_notes_and_add_version(document, file, on_done));
	}

	Object.assign(documents, { uploads: documents.uploads || new UploadQueue(), pick_files, ask_and_upload, pick_version });
})();
