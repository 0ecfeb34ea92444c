"""Attacks on private files: by their URLs, by Files of one's own, by lists."""

import json

from tests.security.attack import M, Send, attack, name_in
from tests.security.dispatch import Reply
from tests.security.planting import World


@attack
def files_by_url(send: Send, world: World) -> list[Reply]:
	"""Try doors 7 and 8: an own File that points at another's."""
	replies = []
	for file in world.files.values():
		replies.append(send("GET", file.file_url, {}))
		replies.append(send("GET", file.file_url, {"fid": file.name}))
		own = {"file_name": "mine.txt", "file_url": file.file_url, "is_private": 1}
		made = send("POST", "/api/resource/File", {"data": json.dumps(own)})
		name = name_in(made, "data")
		replies.append(send("GET", file.file_url, {"fid": name}))
		replies.append(
			send("GET", M + "frappe.utils.file_manager.download_file", {"file_url": file.file_url})
		)
		replies.append(
			send("GET", M + "frappe.core.doctype.file.file.download_file", {"file_url": file.file_url})
		)
		replies.append(send("GET", M + "download_file", {"file_url": file.file_url}))
		uploaded = send(
			"POST", M + "upload_file", {"file_url": file.file_url, "file_name": "mine2.txt", "is_private": 1}
		)
		replies += [send("GET", file.file_url, {"fid": name_in(uploaded, "message", "data")})]
	version = world.records["Document Version"]
	stored = f"/private/files/{version.storage_key}"
	for url in (stored, f"/private/documents/{version.storage_key}"):
		replies.append(send("GET", url, {}))
	made = send(
		"POST",
		"/api/resource/File",
		{"data": json.dumps({"file_name": "m.txt", "content": "mine", "is_private": 1})},
	)
	name = name_in(made, "data")
	for file in world.files.values():
		send("PUT", f"/api/resource/File/{name}", {"data": json.dumps({"file_url": file.file_url})})
		replies.append(send("GET", file.file_url, {"fid": name}))
		replies.append(send("GET", f"/api/resource/File/{name}", {}))
	return replies


@attack
def file_lists(send: Send, world: World) -> list[Reply]:
	"""Try door 9: lists of files."""
	replies = []
	for doctype, file in world.files.items():
		name = world.name(doctype)
		replies.append(send("GET", M + "hrms.api.get_attachments", {"dt": doctype, "dn": name}))
		replies.append(
			send(
				"GET",
				M + "frappe.core.api.file.get_attached_images",
				{"doctype": doctype, "names": json.dumps([name])},
			)
		)
		replies.append(
			send("GET", M + "frappe.core.api.file.get_files_by_search_text", {"text": file.file_name[:6]})
		)
		replies.append(
			send(
				"GET",
				M + "frappe.core.api.file.get_files_in_folder",
				{"folder": "Home/Attachments", "page_length": 500},
			)
		)
	return replies
