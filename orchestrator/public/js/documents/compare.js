// Two versions side by side: what differs in their metadata, and their text with the changed words marked.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const MAX_TOKENS = 400; // of a line; longer lines are marked as a whole
	const LABELS = {
		file_name: __("File Name"),
		file_size: __("File Size"),
		mime_type: __("File Type"),
		notes: __("Notes"),
		author: __("Author"),
		creation: __("Date"),
	};

	function show_comparison(document, versions, users, first, second) {
		const options = versions.map((version) => ({ value: String(version.number), label: documents.escape(label_version(version, users)) }));
		const select = (fieldname, label, value) => ({
			fieldname,
			label,
			fieldtype: "Select",
			options,
			default: String(value),
			onchange: () => load(),
		});
		const dialog = new frappe.ui.Dialog({
			title: __("Compare Versions"),
			size: "extra-large",
			fields: [
				select("first", __("Earlier Version"), first),
				{ fieldtype: "Column Break" },
				select("second", __("Later Version"), second),
				{ fieldtype: "Section Break" },
				{ fieldtype: "HTML", fieldname: "result" },
			],
		});
		label_controls(dialog);
		const result = dialog.fields_dict.result.$wrapper;
		let loaded;
		async function load() {
			const pair = { first: dialog.get_value("first"), second: dialog.get_value("second") };
			const key = `${pair.first}-${pair.second}`;
			if (!pair.first || !pair.second || key === loaded) return;
			loaded = key;
			result.html(`<p class="doc-message text-muted"></p>`).find("p").text(__("Comparing…"));
			try {
				const data = await documents.call("compare_versions", { document, ...pair });
				if (loaded === key) render(result.empty(), data, users);
			} catch (error) {
				result.find("p").text(error.message);
			}
		}
		dialog.$wrapper.on("hidden.bs.modal", () => dialog.$wrapper.remove());
		dialog.show();
		dialog.set_values({ first: String(first), second: String(second) }).then(load);
	}

	// Desk's dialogs do not name themselves or their controls to screen readers.
	function label_controls(dialog) {
		dialog.$wrapper.attr("aria-label", dialog.title);
		dialog.$wrapper.find(".btn-modal-close").attr("aria-label", __("Close"));
		for (const name of ["first", "second"]) {
			dialog.fields_dict[name].$input.attr("aria-label", __(dialog.fields_dict[name].df.label));
		}
	}

	function label_version(version, users) {
		const author = users[version.author] || version.author;
		return __("Version {0}: {1}, {2}", [version.number, author, documents.format_time(version.creation)]);
	}

	function render(parent, data, users) {
		if (data.same_content) $(`<p></p>`).text(__("Both versions have the same content.")).appendTo(parent);
		parent.append(render_metadata(data, users));
		if (data.text === null) {
			$(`<p class="text-muted"></p>`).text(__("These files have no text to compare.")).appendTo(parent);
		} else if (data.text.length) {
			$(`<p class="small text-muted"></p>`).text(__("{0} lines added, {1} lines removed", [data.added_lines, data.removed_lines])).appendTo(parent);
			parent.append(render_text(data));
		}
		if (data.truncated) {
			$(`<p class="text-muted small"></p>`).text(__("The texts are long: only the first differences are shown.")).appendTo(parent);
		}
	}

	function render_metadata(data, users) {
		const rows = data.metadata
			.filter((row) => LABELS[row.field])
			.map((row) => `<tr><th scope="row">${LABELS[row.field]}</th><td>${render_value(row, "first", users)}</td><td>${render_value(row, "second", users)}</td></tr>`);
		const heads = [data.first, data.second].map((number) => `<th scope="col">${__("Version {0}", [number])}</th>`);
		return `<table class="table table-bordered doc-metadata"><thead><tr><td></td>${heads.join("")}</tr></thead><tbody>${rows.join("")}</tbody></table>`;
	}

	function render_value(row, side, users) {
		const value = row[side];
		const format = { file_size: documents.format_size, creation: documents.format_time, author: (user) => users[user] || user };
		return documents.escape(format[row.field] ? format[row.field](value) : value) || "–";
	}

	function render_text(data) {
		const cell = (side, kind) =>
			side
				? `<td class="doc-line-number">${side.number}</td><td class="doc-line ${kind}">${side.html || "&nbsp;"}</td>`
				: `<td class="doc-line-number"></td><td class="doc-line is-empty"></td>`;
		const lines = pair_lines(data.text).map((row) =>
			row.gap
				? `<tr class="doc-gap"><td colspan="4">⋯</td></tr>`
				: `<tr>${cell(row.before, row.changed ? "is-removed" : "")}${cell(row.after, row.changed ? "is-added" : "")}</tr>`
		);
		return `<div class="doc-diff" tabindex="0"><table><tbody>${lines.join("")}</tbody></table></div>`;
	}

	// Returns the rows of a unified diff: {before, after, changed} or {gap}.
	function pair_lines(lines) {
		const rows = [];
		let [removed, added, before, after] = [[], [], 0, 0];
		const flush = () => {
			for (let index = 0; index < Math.max(removed.length, added.length); index++) {
				rows.push({ changed: true, ...mark_words(removed[index], added[index]) });
			}
			[removed, added] = [[], []];
		};
		for (const line of lines) {
			const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
			const text = line.slice(1);
			if (hunk) {
				flush();
				[before, after] = [Number(hunk[1]), Number(hunk[2])];
				if (rows.length || before > 1) rows.push({ gap: true });
			} else if (line[0] === "-") removed.push({ number: before++, text });
			else if (line[0] === "+") added.push({ number: after++, text });
			else {
				flush();
				const html = documents.escape(text);
				rows.push({ before: { number: before++, html }, after: { number: after++, html } });
			}
		}
		flush();
		return rows;
	}

	function mark_words(removed, added) {
		if (!removed || !added) {
			const whole = (side) => side && { number: side.number, html: documents.escape(side.text) };
			return { before: whole(removed), after: whole(added) };
		}
		const [old, fresh] = [split_words(removed.text), split_words(added.text)];
		const kept = find_common(old, fresh);
		return {
			before: { number: removed.number, html: render_words(old, kept.old, "del") },
			after: { number: added.number, html: render_words(fresh, kept.fresh, "ins") },
		};
	}

	function split_words(text) {
		return text.match(/[\p{L}\p{N}\p{M}]+|\s+|[^\p{L}\p{N}\p{M}\s]/gu) || [];
	}

	// Returns the positions in both lists of their longest common subsequence.
	function find_common(old, fresh) {
		const kept = { old: new Set(), fresh: new Set() };
		if (old.length > MAX_TOKENS || fresh.length > MAX_TOKENS) return kept;
		const lengths = old.map(() => new Uint16Array(fresh.length + 1));
		lengths.push(new Uint16Array(fresh.length + 1));
		for (let i = old.length - 1; i >= 0; i--) {
			for (let j = fresh.length - 1; j >= 0; j--) {
				lengths[i][j] = old[i] === fresh[j] ? lengths[i + 1][j + 1] + 1 : Math.max(lengths[i + 1][j], lengths[i][j + 1]);
			}
		}
		for (let i = 0, j = 0; i < old.length && j < fresh.length; ) {
			if (old[i] === fresh[j]) {
				kept.old.add(i++);
				kept.fresh.add(j++);
			} else if (lengths[i + 1][j] >= lengths[i][j + 1]) i++;
			else j++;
		}
		return kept;
	}

	function render_words(words, kept, tag) {
		return words
			.map((word, index) => (kept.has(index) ? documents.escape(word) : `<${tag}>${documents.escape(word)}</${tag}>`))
			.join("")
			.replaceAll(`</${tag}><${tag}>`, "");
	}

	Object.assign(documents, { show_comparison, label_version, pair_lines });
})();
