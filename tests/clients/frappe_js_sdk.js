// Makes the calls of the public frappe-js-sdk against one server and prints what each gave, as JSON.
// Arguments: address, site, token, text that marks this run, folder with node_modules.
import { createRequire } from "node:module";

const [address, site, token, mark, modules] = process.argv.slice(2);
const { FrappeApp } = createRequire(`${modules}/`)("frappe-js-sdk");
const app = new FrappeApp(address, { useToken: true, token: () => token, type: "token" }, undefined, { Host: site });
const db = app.db();
const call = app.call();
const results = {};

async function record(name, work) {
	try {
		const value = await work();
		// An upload gives axios' whole response.
		results[name] = { ok: true, value: value?.config ? value.data.message : value };
	} catch (error) {
		results[name] = { ok: false, value: error.exc_type ?? error.message ?? String(error) };
	}
	return results[name].value;
}

const lead = await record("createDoc", () => db.createDoc("Lead", { lead_name: mark, email_id: `${mark}@example.com` }));
const second = await record("createDoc again", () => db.createDoc("Lead", { lead_name: `${mark} b` }));
await record("getDoc", () => db.getDoc("Lead", lead.name));
await record("updateDoc", () => db.updateDoc("Lead", lead.name, { city: "Aachen" }));
await record("getDocList", () =>
	db.getDocList("Lead", {
		fields: ["name", "city"],
		filters: [["lead_name", "like", `${mark}%`]],
		orderBy: { field: "creation", order: "asc" },
		limit: 5,
		limit_start: 0,
	}),
);
await record("getDocList grouped", () =>
	db.getDocList("Lead", { fields: ["status"], filters: [["lead_name", "like", `${mark}%`]], groupBy: "status" }),
);
await record("getDocList or", () =>
	db.getDocList("Lead", { fields: ["name"], orFilters: [["lead_name", "=", mark], ["lead_name", "=", `${mark} b`]] }),
);
await record("getCount", () => db.getCount("Lead", [["lead_name", "like", `${mark}%`]]));
await record("getValue", () => db.getValue("Lead", "city", [["name", "=", lead.name]]));
await record("setValue", () => db.setValue("Lead", lead.name, "city", "Köln"));
await record("setValue of many", () => db.setValue("Lead", lead.name, { city: "Bonn", phone: "123" }));
await record("getSingleValue", () => db.getSingleValue("System Settings", "language"));
await record("getLastDoc", () => db.getLastDoc("Lead", { filters: [["lead_name", "=", mark]] }));
await record("call get_list", () =>
	call.get("frappe.client.get_list", { doctype: "Lead", fields: ["name"], filters: [["lead_name", "=", mark]] }),
);
await record("call get", () => call.get("frappe.client.get", { doctype: "Lead", name: lead.name }));
await record("call insert", () => call.post("frappe.client.insert", { doc: { doctype: "Lead", lead_name: `${mark} c` } }));
await record("upload", () =>
	app.file().uploadFile(new File([mark], `${mark}.txt`), { isPrivate: true, doctype: "Lead", docname: lead.name }),
);
await record("missing", () => db.getDoc("Lead", "no such lead"));
await record("deleteDoc", () => db.deleteDoc("Lead", second.name));
console.log(JSON.stringify(results));
