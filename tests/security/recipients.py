"""A recipient outside the organisation: the API key by which it asks, and clients of whom some consent to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, nowdate

from orchestrator.access.key_scope import UNREADABLE_DOCTYPES
from orchestrator.access.outside_recipients import WITHHELD_DOCTYPES
from tests.security.caller import Caller
from tests.security.canaries import Canary, ClientRecord
from tests.security.planting import World, overwrite, plant_client, plant_document, plant_file
from tests.support import clinic, docs_factories, factories
from tests.support.consents import ALL_KINDS, DOCTYPES, RIGHTS, make_outside_key

RECIPIENT = "recipient"
ROLES = ("Clinical Manager", "Support Team", "System Manager")
PURPOSE = "Legal Proceeding"
EVERYTHING = frozenset(ALL_KINDS)
NOTES = frozenset({"counselling_notes"})
# The information in a record of a client. Whatever else tells of a client is given to nobody outside.
NEEDED: Mapping[str, frozenset[str]] = {
	"Client": frozenset({"demographics"}),
	"Client Stay": frozenset({"stays", "diagnoses"}),
	"Document": frozenset({"documents"}),
	"Document Version": frozenset({"documents"}),
	"Issue": frozenset({"correspondence"}),
}
SUBJECTS = ("Client", "Client Stay", "Issue", "Document", "Document Version", "Comment", "ToDo", "File")
NAME = "name"
INTERNAL = frozenset({"comment", "todo", "internal note", "mail.subject", "mail.content", "text inside"})


@dataclass(frozen=True)
class Case:
	"""What a client consents to: the kinds of information, and what is special about the consent."""

	kinds: frozenset[str]
	values: Mapping[str, Any] = field(default_factory=dict)
	is_revoked: bool = False
	is_in_force: bool = True

	def covers(self, kinds: frozenset[str]) -> bool:
		return self.is_in_force and not self.is_revoked and kinds <= self.kinds


CASES = {
	"all information": Case(EVERYTHING),
	"demographics": Case(frozenset({"demographics"})),
	"documents": Case(frozenset({"documents"})),
	"counselling notes": Case(NOTES),
	"stays without diagnoses": Case(frozenset({"stays"})),
	"revoked": Case(EVERYTHING, is_revoked=True),
	"expired": Case(EVERYTHING, {"valid_until": -1}, is_in_force=False),
	"another recipient": Case(EVERYTHING, {"recipient_kind": "Organisation", "recipient_name": "Somebody else"}, is_in_force=False),
	"another purpose": Case(EVERYTHING, {"purpose": "Research"}, is_in_force=False),
	"no consent": Case(frozenset()),
}  # fmt: skip


def create_recipient(world: World) -> Caller:
	"""Create a key of a recipient outside, whose user reads every client of the facility, and a client for each case."""
	facility = world.records["Kipu Connection"].default_facility
	user = clinic.make_clinical_user(facility, *ROLES)
	rights = dict.fromkeys((*RIGHTS, "delete", "email", "share"), 1)
	doctypes = sorted({*DOCTYPES, "Lead", "Task", "ToDo", *WITHHELD_DOCTYPES} - UNREADABLE_DOCTYPES)
	key = make_outside_key(
		user,
		recipient_purpose=PURPOSE,
		doctypes=[
			{"reference_doctype": doctype, **rights}
			for doctype in doctypes
			if frappe.db.exists("DocType", doctype)
		],
	)
	caller = Caller(
		RECIPIENT, user, {"Issue": 0, "Document": 0}, api_key=key.name, recipient=key.recipient_name
	)
	caller.authorization = f"token {key.name}:{key.flags.secret}"
	folder = docs_factories.make_folder(("Role", "Clinical Manager", "Write"))
	for case in CASES.values():
		_plant(world, caller, case, folder)
	return caller


def _plant(world: World, caller: Caller, case: Case, folder: str) -> None:
	"""Create a client with records of each kind, and its consent."""
	own = World(world.canaries, dict(world.records), dict(world.files), SUBJECTS)
	count = len(world.canaries.by_value)
	plant_client(own)
	client = own.name("Client")
	overwrite(own, factories.make_issue(client=client))
	frappe.db.set_value("Issue", own.name("Issue"), "client", client)
	own.records["Issue"].add_comment("Comment", world.canaries.text("Issue", "internal note"))
	plant_document(own, folder, client=client)
	for doctype in ("Client", "Client Stay", "Issue"):
		plant_file(own, doctype)
	own.records["File"] = own.files["Client"]
	consent = _consent(client, caller, case) if case.kinds else ""
	for canary in world.canaries.list_since(count):
		_assign(own, caller, canary, consent, case)
	note = replace(own, records=dict(own.records), files=dict(own.files))
	count = len(world.canaries.by_value)
	plant_document(note, folder, client=client, is_counselling_note=1)
	for canary in world.canaries.list_since(count):
		_assign(note, caller, canary, consent, case, NOTES)
	_register_name(own, consent, case)
	caller.worlds.append(own)


def _register_name(own: World, consent: str, case: Case) -> None:
	"""Search for the client's name as well: it stands in each record of the client, and in no other."""
	client = own.name("Client")
	own.canaries.register(client, "Client", NAME)
	has_any = any(map(case.covers, (*NEEDED.values(), NOTES)))
	record = ClientRecord("Client", client, client, consent if has_any else "")
	own.canaries.assign(own.canaries.by_value[client.lower()], record)


def _consent(client: str, caller: Caller, case: Case) -> str:
	values: dict[str, Any] = {
		"client": client,
		"recipient_kind": "API Key",
		"api_key": caller.api_key,
		"purpose": PURPOSE,
		"valid_from": add_days(nowdate(), -10),
		**dict.fromkeys(case.kinds, 1),
		**case.values,
	}
	if "valid_until" in case.values:
		values["valid_until"] = add_days(nowdate(), case.values["valid_until"])
	doc: Document = frappe.get_doc({"doctype": "Client Consent", **values}).insert()
	doc.submit()
	if case.is_revoked:
		doc.cancel()
	return str(doc.name)


def _assign(
	own: World, caller: Caller, canary: Canary, consent: str, case: Case, kinds: frozenset[str] = frozenset()
) -> None:
	"""Note to which record a planted value belongs, and by which consent the recipient may have it."""
	doctype = "Document Version" if canary.fieldname.startswith("version.") else canary.doctype
	doc = own.records[doctype]
	is_old = canary.fieldname == "race" and canary.value != doc.get("race")
	is_covered = case.covers(kinds or NEEDED[doctype])
	record = ClientRecord(doctype, str(doc.name), own.name("Client"), consent if is_covered else "")
	caller.records[doctype, record.name] = record
	is_internal = is_old or canary.fieldname in INTERNAL
	own.canaries.assign(canary, replace(record, consent="") if is_internal else record)
