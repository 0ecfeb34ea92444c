// Loads scripts that build on each other: frappe.require of Frappe 16 runs several in the order of their arrival.
frappe.provide("orchestrator");

orchestrator.load_in_order = async (files) => {
	for (const file of files) await frappe.require(file);
};
