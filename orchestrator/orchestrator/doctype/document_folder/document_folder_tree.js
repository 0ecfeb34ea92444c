// The tree starts at the topmost folders that the user may read; the stock tree starts at the root alone.
frappe.treeview_settings["Document Folder"] = {
	get_tree_nodes: "orchestrator.orchestrator.doctype.document_folder.document_folder.get_children",
	title: __("Document Folders"),
	fields: [{ fieldtype: "Data", fieldname: "title", label: __("Title"), reqd: 1 }],
	ignore_fields: ["title"],
	onrender(node) {
		// New folders need Write access to the folder above.
		node.hide_add = node.data.access === "Read";
	},
	menu_items: [
		{
			label: __("Document Browser"),
			action: () => frappe.set_route("document-browser"),
		},
	],
};
