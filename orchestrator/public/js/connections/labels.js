// The words and colours of runs and of previewed fields, for the forms and lists of Desk and for the connections' pages.
frappe.provide("orchestrator.connections");

Object.assign(orchestrator.connections, {
	PHASES: {
		locations: __("Reading locations"),
		due: __("Applying planned discharges"),
		latest: __("Reading recent changes"),
		windows: __("Reading the history"),
		census: __("Checking current clients"),
		vault: __("Checking deleted records"),
		retry: __("Retrying records"),
		settle: __("Updating discharged clients"),
	},

	EFFECTS: {
		set: ["blue", __("Update")],
		same: ["gray", __("No change")],
		kept: ["orange", __("Keep current value")],
		review: ["red", __("Ask someone")],
		"not sent": ["gray", __("Not sent by Kipu")],
		unreadable: ["red", __("Cannot be read")],
	},

	STATUS_COLOURS: {
		Queued: "blue",
		Running: "blue",
		Completed: "green",
		Held: "orange",
		Failed: "red",
		Interrupted: "orange",
		Cancelled: "gray",
		"Rolled Back": "gray",
		Active: "green",
		Paused: "red",
	},
});
