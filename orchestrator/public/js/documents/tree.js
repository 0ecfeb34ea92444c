// The folder tree, from the topmost folders that the user may read. It follows the pattern of an ARIA tree.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;
	const ROOT = "Documents";

	class FolderTree {
		// `open` is called with the name of the chosen folder.
		constructor(parent, open) {
			this.open = open;
			this.parent = $(`<ul class="doc-tree" role="tree"></ul>`).attr("aria-label", __("Folders")).appendTo(parent);
			this.parent.on("keydown", (event) => this.handle_key(event));
			this.root = this.make_node(this.parent, { name: ROOT, title: __("Documents"), has_subfolders: true }, 1);
			this.root.find("> .doc-node").attr("tabindex", 0);
			this.expand(this.root);
		}

		make_node(parent, folder, level) {
			const item = $(`<li role="none"><div class="doc-node" role="treeitem" tabindex="-1"><i aria-hidden="true"></i><span></span></div><ul role="group"></ul></li>`);
			item.data("folder", folder).appendTo(parent).attr("data-folder", folder.name);
			const node = item.find("> .doc-node").css("padding-inline-start", `${level * 14 - 6}px`);
			node.attr({ "aria-level": level, "aria-label": folder.title }).find("span").text(folder.title);
			if (folder.has_subfolders) node.attr("aria-expanded", false);
			node.on("click", (event) => {
				if ($(event.target).is("i")) return this.toggle(item);
				this.focus(node);
				this.open(folder.name);
			});
			return item;
		}

		async expand(item) {
			const node = item.find("> .doc-node");
			if (!item.data("folder").has_subfolders) return;
			node.attr("aria-expanded", true);
			item.find("> ul").show();
			if (item.data("loaded")) return;
			item.data("loaded", true);
			const level = Number(node.attr("aria-level")) + 1;
			const name = item.data("folder").name;
			try {
				const { folders } = await documents.call("get_subfolders", { folder: name === ROOT ? null : name });
				item.find("> ul").empty();
				folders.forEach((folder) => this.make_node(item.find("> ul"), folder, level));
				this.mark(this.current);
			} catch (error) {
				item.data("loaded", false);
				documents.show_error(error);
			}
		}

		collapse(item) {
			item.find("> .doc-node").attr("aria-expanded", false);
			item.find("> ul").hide();
		}

		toggle(item) {
			if (item.find("> .doc-node").attr("aria-expanded") === "true") this.collapse(item);
			else this.expand(item);
		}

		// Loads the subfolders of a folder again, after one was created.
		reload(name) {
			const item = this.find(name || ROOT);
			if (!item.length) return;
			item.data("folder").has_subfolders = true;
			item.data("loaded", false);
			return this.expand(item);
		}

		find(name) {
			return this.parent.find("li").filter((_, item) => $(item).attr("data-folder") === name).first();
		}

		// Shows the path of the current folder.
		async reveal(path) {
			for (const folder of path.slice(0, -1)) {
				const item = this.find(folder.name);
				if (item.length) await this.expand(item);
			}
			this.mark(path.length ? path[path.length - 1].name : ROOT);
		}

		mark(name) {
			this.current = name;
			this.parent.find(".doc-node").removeClass("is-current").removeAttr("aria-current");
			this.find(name).find("> .doc-node").addClass("is-current").attr("aria-current", "page");
		}

		focus(node) {
			this.parent.find(".doc-node").attr("tabindex", -1);
			node.attr("tabindex", 0).trigger("focus");
		}

		handle_key(event) {
			const node = $(event.target).closest(".doc-node");
			const item = node.closest("li");
			const visible = this.parent.find(".doc-node:visible");
			const index = visible.index(node);
			const expanded = node.attr("aria-expanded");
			const [inwards, outwards] = frappe.utils.is_rtl() ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
			const moves = {
				ArrowDown: () => visible.eq(index + 1),
				ArrowUp: () => visible.eq(Math.max(index - 1, 0)),
				Home: () => visible.first(),
				End: () => visible.last(),
				[inwards]: () => (expanded === "false" ? this.expand(item) && null : item.find("> ul > li > .doc-node").first()),
				[outwards]: () => (expanded === "true" ? this.collapse(item) : item.parent().closest("li").find("> .doc-node")),
				Enter: () => this.open(item.data("folder").name),
				" ": () => this.open(item.data("folder").name),
			};
			if (!moves[event.key]) return;
			event.preventDefault();
			event.stopPropagation();
			const next = moves[event.key]();
			if (next && next.length) this.focus(next);
		}
	}

	documents.FolderTree = FolderTree;
})();
