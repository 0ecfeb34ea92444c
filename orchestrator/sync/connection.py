"""A Kipu Connection, checked and typed, without its credentials, which are passed directly to the client."""

import functools
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import frappe
from frappe import _
from frappe.utils import get_system_timezone, getdate
from frappe.utils.password import get_decrypted_password

from orchestrator.doctypes import CLIENT, CLIENT_STAY, FACILITY, KIPU_CONNECTION
from orchestrator.exceptions import refuse
from orchestrator.sync.errors import UnsafeUrlError
from orchestrator.sync.http.allowed_hosts import DEFAULT_ALLOWED_HOSTS, validate_base_url
from orchestrator.sync.http.http_session import HttpSession
from orchestrator.sync.http.http_session import Policy as HttpPolicy
from orchestrator.sync.kipu.auth import Version
from orchestrator.sync.kipu.client import Credentials, KipuClient
from orchestrator.sync.kipu.fields import PERSON
from orchestrator.sync.kipu.mapping import (
	FieldMapping,
	InvalidMappingError,
	Override,
	Policy,
	Target,
	build_default_rules,
	build_mapping,
)
from orchestrator.sync.kipu.values import Zones

if TYPE_CHECKING:
	from orchestrator.orchestrator.doctype.kipu_connection.kipu_connection import KipuConnection
	from orchestrator.orchestrator.doctype.kipu_field_rule.kipu_field_rule import KipuFieldRule

CREDENTIAL_FIELDS = ("access_id", "secret_key", "app_id")
KEY_LABELS = {"access_id": "Access ID", "secret_key": "Secret Key", "app_id": "App ID"}
ALLOWED_HOSTS = "kipu_allowed_hosts"  # in site_config.json, beside Kipu's own
DEFAULT_TARGETS = {rule.source: rule.target for rule in build_default_rules()}
RETRY_POLICY = HttpPolicy()
# While a caller waits for the reply, an unreachable remote is given up soon.
CALLER_MAX_ATTEMPTS = 3
CALLER_READ_TIMEOUT = 10.0
CALLER_MAX_ELAPSED = 10.0
TEXT_TYPES = frozenset({"Data", "Small Text", "Text", "Long Text", "Date", "Select", "Phone"})


class InvalidSettingsError(frappe.ValidationError):
	"""A setting of a connection is missing or invalid. 422."""


@dataclass(frozen=True)
class FacilityMapping:
	"""A location of the instance. `facility` is empty until the first run has created it."""

	location_id: str
	name: str
	enabled: bool
	facility: str | None


@dataclass
class Source:
	"""A connection without its credentials. `facilities_by_location` grows when a run finds a new location."""

	name: str
	zones: Zones
	site_zone: ZoneInfo
	mapping: FieldMapping
	policies: Mapping[Target, Mapping[str, Policy]]
	default_policy: Policy
	page_size: int
	overlap_days: int
	history_start: date
	mass_change_percent: int
	mass_change_minimum: int
	excluded_names: frozenset[str]
	cursor: date | None
	facilities_by_location: dict[str, FacilityMapping] = field(default_factory=dict)
	default_facility: str | None = None

	def compute_mass_change_limit(self, count: int) -> int:
		"""Return how many of `count` records one run may discharge, or empty a field in, before it is held."""
		return max(self.mass_change_minimum, count * self.mass_change_percent // 100)


def get_source(name: str) -> Source:
	"""Return the connection. Raises InvalidSettingsError (422) naming the invalid setting."""
	doc = cast("KipuConnection", frappe.get_doc(KIPU_CONNECTION, name))
	validate(doc)
	return Source(
		name=doc.name or name,
		zones=_parse_zones(doc),
		site_zone=ZoneInfo(get_system_timezone()),
		mapping=_build_mapping(doc),
		policies=_parse_policies(doc),
		default_policy=cast(Policy, doc.default_policy),
		page_size=doc.page_size,
		overlap_days=max(1, doc.overlap_days),
		history_start=getdate(doc.history_start),
		mass_change_percent=doc.mass_change_percent,
		mass_change_minimum=doc.mass_change_minimum,
		excluded_names=frozenset(
			line.strip().casefold() for line in (doc.left_out_names or "").splitlines() if line.strip()
		),
		cursor=getdate(doc.cursor) if doc.cursor else None,
		facilities_by_location={
			row.location_id: FacilityMapping(
				row.location_id, row.location_name or "", bool(row.enabled), row.facility or None
			)
			for row in doc.locations
		},
		default_facility=doc.default_facility,
	)


def open_client(
	name: str, sleep: Callable[[float], None] | None = None, *, caller_waits: bool = False
) -> tuple[KipuClient, HttpSession]:
	"""Return a client for the connection, and its session, which the caller must close. `sleep` replaces
	every wait. `caller_waits`: give up an unreachable remote soon.

	Raises InvalidSettingsError (422) naming the setting that is missing or wrong.
	"""
	doc = cast("KipuConnection", frappe.get_doc(KIPU_CONNECTION, name))
	policy = replace(_get_policy(caller_waits), requests_per_second=doc.requests_per_second)
	session = HttpSession(policy, sleep=sleep) if sleep else HttpSession(policy)
	client = KipuClient(
		_get_credentials(name),
		_parse_base_url(doc),
		cast(Version, int(doc.api_version)),
		session,
		allowed_hosts=get_allowed_hosts(),
		per=doc.page_size,
	)
	return client, session


def _get_policy(caller_waits: bool) -> HttpPolicy:
	if not caller_waits:
		return RETRY_POLICY
	return replace(
		RETRY_POLICY,
		max_attempts=CALLER_MAX_ATTEMPTS,
		read_timeout=CALLER_READ_TIMEOUT,
		max_elapsed=CALLER_MAX_ELAPSED,
		max_wait=CALLER_MAX_ELAPSED,
	)


def get_allowed_hosts() -> frozenset[str]:
	"""Return the allowed hosts: Kipu's, and those added in site_config.json."""
	return DEFAULT_ALLOWED_HOSTS | frozenset(frappe.conf.get(ALLOWED_HOSTS) or ())


def validate(doc: "KipuConnection") -> None:
	"""Normalize and validate the settings. Raises InvalidSettingsError (422) naming the invalid one."""
	doc.base_url = _parse_base_url(doc)
	_validate_range(doc, "page_size", 1, 1000)
	_validate_range(doc, "requests_per_second", 0.01, 1_000_000)
	_validate_range(doc, "interval_minutes", 5, 24 * 60)
	_validate_range(doc, "overlap_days", 1, 60)
	_validate_range(doc, "mass_change_percent", 1, 100)
	_validate_range(doc, "mass_change_minimum", 1, 1_000_000)
	_parse_zones(doc)
	_reject_duplicate_locations(doc)
	_validate_targets(_build_mapping(doc))
	if doc.status != "Paused":
		doc.paused_reason = None
		doc.paused_manually = 0


def _parse_base_url(doc: "KipuConnection") -> str:
	try:
		return validate_base_url(doc.base_url or "", get_allowed_hosts())
	except UnsafeUrlError as error:
		refuse(
			_("The base URL cannot be used: {0}.").format(_describe_unsafe_url(error.reason)),
			InvalidSettingsError,
		)


def _describe_unsafe_url(reason: str) -> str:
	texts = {
		"scheme": _("it must start with https:// (http:// only for localhost)"),
		"credentials": _("it must not contain a user or a password"),
		"path": _("it must end after the host, without a path"),
		"not_allowed": _(
			"the host is not allowed. If it is correct, add it to kipu_allowed_hosts in site_config.json"
		),
	}
	return texts.get(reason, _("it is not an address"))


def validate_credentials(name: str) -> None:
	"""Raise InvalidSettingsError (422) naming the missing credentials."""
	if missing := list_missing_credentials(name):
		labels = ", ".join(_(KEY_LABELS[key]) for key in missing)
		refuse(
			_("Connection {0} is missing: {1}. Enter the credentials that Kipu gave you.").format(
				name, labels
			),
			InvalidSettingsError,
		)


def list_missing_credentials(name: str) -> list[str]:
	"""Return the fields of the credentials that are empty."""
	return [key for key in CREDENTIAL_FIELDS if not _get_credential(name, key)]


def _get_credentials(name: str) -> Credentials:
	validate_credentials(name)
	return Credentials(*(_get_credential(name, key) for key in CREDENTIAL_FIELDS))


def _get_credential(name: str, key: str) -> str:
	return (get_decrypted_password(KIPU_CONNECTION, name, key, raise_exception=False) or "").strip()


def _validate_range(doc: "KipuConnection", fieldname: str, lowest: float, highest: float) -> None:
	value = doc.get(fieldname) or 0
	if not lowest <= value <= highest:
		label = _(doc.meta.get_label(fieldname))
		refuse(_("{0} must be between {1} and {2}.").format(label, lowest, highest), InvalidSettingsError)


@functools.lru_cache(maxsize=1)
def _list_zones() -> frozenset[str]:
	return frozenset(zoneinfo.available_timezones())


def _parse_zone(name: str, where: str) -> ZoneInfo:
	if name not in _list_zones():
		refuse(
			_("{0} is not a time zone ({1}). Use a name such as America/New_York.").format(name, where),
			InvalidSettingsError,
		)
	return ZoneInfo(name)


def _parse_zones(doc: "KipuConnection") -> Zones:
	default = _parse_zone(doc.default_time_zone or "", _("the connection"))
	named = {row.location_id: row.time_zone or _get_facility_zone(row.facility) for row in doc.locations}
	return Zones(
		default,
		{key: _parse_zone(name, _("location {0}").format(key)) for key, name in named.items() if name},
		bool(doc.utc_midnight_is_date),
	)


def _get_facility_zone(facility: str | None) -> str | None:
	return frappe.db.get_value(FACILITY, facility, "time_zone") if facility else None


def _reject_duplicate_locations(doc: "KipuConnection") -> None:
	ids = [row.location_id for row in doc.locations]
	if double := {each for each in ids if ids.count(each) > 1}:
		refuse(
			_("Location {0} is listed twice. Remove one row.").format(", ".join(sorted(double))),
			InvalidSettingsError,
		)


def _get_target(source: str) -> Target:
	return CLIENT if source in PERSON else CLIENT_STAY


def _parse_override(row: "KipuFieldRule") -> Override:
	target = "" if row.leave_out else row.target or DEFAULT_TARGETS.get(row.source, "")
	return Override(row.source, _get_target(row.source), target)


def _build_mapping(doc: "KipuConnection") -> FieldMapping:
	try:
		return build_mapping([_parse_override(row) for row in doc.field_rules])
	except InvalidMappingError as error:
		text = _("The field rule for {0} is not valid: {1}.").format(
			error.source, _describe_invalid_mapping(error.code)
		)
		refuse(text, InvalidSettingsError)


def _describe_invalid_mapping(code: str) -> str:
	texts = {
		"unknown_source": _("Kipu has no such field"),
		"taken_target": _("another field is already mapped to this target"),
	}
	return texts.get(code, _("it belongs to the other DocType"))


def _validate_targets(mapping: FieldMapping) -> None:
	for rule in mapping.rules:
		target = frappe.get_meta(rule.doctype).get_field(rule.target)
		own = DEFAULT_TARGETS.get(rule.source) == rule.target
		if not target or target.fieldtype not in TEXT_TYPES or (target.read_only and not own):
			refuse(
				_(
					"The field rule for {0} is not valid: {1} has no text or date field {2} that may be changed."
				).format(rule.source, _(rule.doctype), rule.target),
				InvalidSettingsError,
			)


def _parse_policies(doc: "KipuConnection") -> Mapping[Target, Mapping[str, Policy]]:
	policies: dict[Target, dict[str, Policy]] = {CLIENT: {}, CLIENT_STAY: {}}
	for row in doc.field_rules:
		if row.policy:
			policies[_get_target(row.source)][_parse_override(row).target] = cast(Policy, row.policy)
	return policies
