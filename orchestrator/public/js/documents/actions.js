// What a user may do with a document, by their access level.
frappe.provide("orchestrator.documents");

(() => {
	const documents = orchestrator.documents;

	// Returns [label, action] of each action that the access level allows. `changed` is called after a change.
	function list_actions(doc, access, changed) {
		const run = async (method, args = {}) => {
			try {
				const standing = await documents.call(method, { document: doc.document, ...args }, "POST");
				changed(standing);
			} catch (error) {
				documents.show_error(error);
			}
		};
		if (access.access === "Read") return [];
		const mine = doc.checked_out_by === frappe.session.user;
		const free = !doc.checked_out_by || mine;
		const actions = [];
		if (free) actions.push([__("Add Version"), () => documents.pick_version(doc.document, changed)]);
		if (!doc.checked_out_by) actions.push([__("Check Out"), () => run("check_out")]);
		if (mine) actions.push([__("Check In"), () => run("check_in")]);
		if (doc.checked_out_by && !mine && access.access === "Manage") {
			actions.push([__("End the Check-Out"), () => run("check_in", { force: true })]);
		}
		if (doc.current_version && (doc.status !== "Approved" || doc.approved_version !== doc.current_version)) {
			actions.push([__("Approve Version {0}", [doc.current_version]), () => run("approve_version")]);
		}
		actions.push([__("Edit Tags"), () => edit_tags(doc, run)]);
		if (free) actions.push([__("Move"), () => move(doc, run)]);
		return actions;
	}

	function edit_tags(doc, run) {
		const field = { fieldname: "tags", fieldtype: "Data", label: __("Tags, separated by commas"), default: doc.tags.join(", ") };
		const set = ({ tags }) => run("set_tags", { tags: (tags || "").split(",").map((tag) => tag.trim()).filter(Boolean) });
		frappe.prompt([field], set, __("Tags of {0}", [documents.escape(doc.title)]), __("Save"));
	}

	function move(doc, run) {
		const field = { fieldname: "folder", fieldtype: "Link", options: "Document Folder", label: __("Folder"), reqd: 1 };
		frappe.prompt([field], ({ folder }) => run("move", { folder }), __("Move {0}", [documents.escape(doc.title)]), __("Move"));
	}

	function describe_check_out(doc, users = {}) {
		if (!doc.checked_out_by) return "";
		const name = doc.checked_out_by === frappe.session.user ? __("you") : users[doc.checked_out_by] || frappe.user.full_name(doc.checked_out_by);
		return __("Checked out by {0} since {1}", [name, documents.format_time(doc.checked_out_at)]);
	}

	Object.assign(documents, { list_actions, describe_check_out });
})();
