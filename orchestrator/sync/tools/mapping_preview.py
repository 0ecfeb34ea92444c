"""Preview of one Kipu record: fetched, compared with this site's record, shown, and not stored."""

from collections.abc import Mapping
from datetime import datetime, timezone
from functools import partial
from typing import Any, NoReturn

import frappe
from frappe import _
from frappe.model import get_permitted_fields

from orchestrator.doctypes import CLIENT, CLIENT_STAY
from orchestrator.exceptions import refuse
from orchestrator.sync import connection as connections
from orchestrator.sync.connection import Source
from orchestrator.sync.errors import RecordNotFoundError
from orchestrator.sync.http.redaction import PrivateDict
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.mapping import Rule, to_canonical
from orchestrator.sync.kipu.pages import RawRecord
from orchestrator.sync.kipu.records import RecordError, compute_drift, split_casefile
from orchestrator.sync.merge.fingerprints import ParsedRecord, fingerprint_record, parse_fingerprinted
from orchestrator.sync.merge.three_way import MergeResult, Person, Record, merge_record
from orchestrator.sync.shapes import Effect, MappingPreview, PreviewedField
from orchestrator.sync.storage.store import get_persons
from orchestrator.sync.tools.single_calls import fetch_records
from orchestrator.sync.tools.visibility import can_access_facility


def build_preview(connection: str, casefile_id: str) -> MappingPreview:
	"""Return the preview, as the caller may see it.

	Raises ValidationError (422) for a malformed ID, DoesNotExistError (404) for a record that Kipu does not
	have or that the caller may not see, ValidationError if Kipu does not reply.
	"""
	source = connections.get_source(connection)
	casefile_id = _parse_casefile(casefile_id)
	raw = _fetch_record(connection, casefile_id)
	unknown = sorted(compute_drift(raw).unknown)
	try:
		incoming = parse_fingerprinted(fingerprint_record(raw, source), source, datetime.now(timezone.utc))
	except RecordError as error:
		return _build_invalid_preview(casefile_id, unknown, error={"code": error.code, "field": error.field})
	if incoming is None:
		return _build_invalid_preview(casefile_id, unknown, left_out=True)
	person = get_persons(source, [incoming.client_name])[incoming.client_name]
	_check_client_access(incoming, person, casefile_id)
	return _build_preview(incoming, person, source, unknown)


def _parse_casefile(casefile_id: str) -> str:
	try:
		regular = split_casefile(casefile_id)[0]
	except RecordError:
		regular = ""
	if not regular:
		text = _("This is not a casefile ID. A casefile ID is a number and a UUID with a colon between them.")
		refuse(text, frappe.ValidationError)
	return regular


def _fetch_record(connection: str, casefile_id: str) -> RawRecord:
	records = fetch_records(connection, partial(_read_patient, casefile_id=casefile_id))
	if not records:
		_raise_not_found(casefile_id)
	return records[0]


def _read_patient(client: KipuClient, casefile_id: str) -> list[RawRecord]:
	try:
		return next(client.get_patient(casefile_id)).records
	except RecordNotFoundError:
		return []


def _check_client_access(incoming: ParsedRecord, person: Person, casefile_id: str) -> None:
	"""Refuse a client that the caller may not see, as if it did not exist."""
	visible = can_access_facility(incoming.derived["facility"])
	if not person.client.new:
		visible = visible and frappe.has_permission(CLIENT, doc=person.client.name)
	if not visible:
		_raise_not_found(casefile_id)


def _raise_not_found(casefile_id: str) -> NoReturn:
	refuse(
		_(
			"Kipu has no record {0}. Check the casefile ID, a number and a UUID with a colon between them."
		).format(casefile_id),
		frappe.DoesNotExistError,
	)


def _build_invalid_preview(casefile_id: str, unknown: list[str], **why: Any) -> MappingPreview:
	return {
		"casefile_id": casefile_id,
		"client": None,
		"stay": None,
		"status": None,
		"facility": None,
		"left_out": False,
		"error": None,
		"fields": [],
		"unknown_fields": unknown,
		**why,  # type: ignore[typeddict-item]
	}


def _build_preview(
	incoming: ParsedRecord, person: Person, source: Source, unknown: list[str]
) -> MappingPreview:
	stay = person.stays.get(incoming.stay_name)
	known = {
		CLIENT: PrivateDict(person.client.row),
		CLIENT_STAY: PrivateDict(stay.row if stay else {}),
	}
	verdict = merge_record(person, incoming, source)
	shown = _FieldPreviews(incoming, person, source, verdict, known)
	return {
		"casefile_id": incoming.casefile_id,
		"client": None if person.client.new else person.client.name,
		"stay": stay.name if stay else None,
		"status": incoming.stay.status,
		"facility": incoming.derived["facility"],
		"left_out": False,
		"error": next(({"code": error.code, "field": error.field} for error in incoming.unreadable), None),
		"fields": [shown.build_field(rule) for rule in source.mapping.rules],
		"unknown_fields": unknown,
	}


class _FieldPreviews:
	"""The rows of one preview."""

	def __init__(
		self,
		incoming: ParsedRecord,
		person: Person,
		source: Source,
		verdict: MergeResult,
		known: Mapping[str, Mapping[str, Any]],
	) -> None:
		self.values = {CLIENT: incoming.mapped.client, CLIENT_STAY: incoming.mapped.stay}
		self.records: dict[str, Record] = {
			CLIENT: person.client,
			CLIENT_STAY: person.stays[incoming.stay_name],
		}
		self.source = source
		self.unreadable = {error.field for error in incoming.unreadable}
		self.reviews = {(doctype, field) for doctype, _name, field in verdict.reviews}
		self.known = known
		self.permitted = {doctype: set(get_permitted_fields(doctype)) for doctype in known}

	def build_field(self, rule: Rule) -> PreviewedField:
		"""Return the row of a rule."""
		hidden = rule.target not in self.permitted[rule.doctype]
		field = frappe.get_meta(rule.doctype).get_field(rule.target)
		return {
			"source": rule.source,
			"doctype": rule.doctype,
			"target": rule.target,
			"label": _(field.label) if field else rule.target,
			"kipu": None if hidden else to_canonical(self.values[rule.doctype].get(rule.target)),
			"here": None if hidden else to_canonical(self.known[rule.doctype].get(rule.target)),
			"policy": self.source.policies[rule.doctype].get(rule.target, self.source.default_policy),
			"effect": self.get_effect(rule),
			"hidden": hidden,
		}

	def get_effect(self, rule: Rule) -> Effect:
		"""Return the effect of a run on the field."""
		values = self.values[rule.doctype]
		if rule.source in self.unreadable:
			return "unreadable"
		if rule.target not in values:
			return "not sent"
		if rule.target in self.records[rule.doctype].before:
			return "set"
		if (rule.doctype, rule.target) in self.reviews:
			return "review"
		current = self.known[rule.doctype].get(rule.target)
		return "same" if to_canonical(current) == to_canonical(values[rule.target]) else "kept"
