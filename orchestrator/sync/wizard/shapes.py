"""Types of the requests and replies of the connection wizard."""

from typing import Annotated, Literal

from typing_extensions import TypedDict

from orchestrator.api.schema_types import OneOf
from orchestrator.sync.shapes import CheckShape, ClientStatus, LocationShape, RunStanding

Step = Literal["keys", "test", "locations", "preview", "import", "done"]
Basis = Literal["saved", "facility", "dates", "default"]


class KeyStatus(TypedDict):
	"""Which credentials are stored. Their values are never sent."""

	access_id: bool
	secret_key: bool
	app_id: bool


class LocationSetup(TypedDict):
	"""A location of the connection or of Kipu. `facility` is the saved or suggested one; without one, `new_facility`
	is the name of the facility that saving creates. `basis` says where `time_zone` comes from: saved, the
	facility, the dates of Kipu's records, or the connection's default.
	"""

	location_id: str
	location_name: str
	enabled: bool
	facility: str | None
	new_facility: str
	time_zone: str
	basis: Basis
	saved: bool


class LocationChoice(TypedDict):
	"""A location as the caller wants it. Without `facility`, an enabled location gets a new one."""

	location_id: str
	location_name: str
	enabled: bool
	facility: str | None
	time_zone: str


class ConnectionTestProgress(TypedDict):
	"""A connection test in a job: the checks so far, and the result once `status` is Finished. Failed: it could not be
	carried out, for the reason in `error`.
	"""

	connection: str
	test: str
	status: Annotated[str, OneOf("Queued", "Running", "Finished", "Failed")]
	requested_at: str
	checks: list[CheckShape]
	ok: bool | None
	wrong: list[str]
	locations: list[LocationShape]
	error: str | None


class ConnectionSetup(TypedDict):
	"""How far the setup of a connection is. `step` is the first one that is not done; `test` is null if no test was
	made in the last day. `dry_run` and `first_import` are the latest runs of their kind, `live_run` the one that is
	active. `can_preview`: the caller may see clients.
	"""

	connection: str
	step: Step
	base_url: str
	api_version: str
	enabled: bool
	status: str
	keys: KeyStatus
	tested_at: str | None
	default_time_zone: str
	utc_midnight_is_date: bool
	schedule_enabled: bool
	interval_minutes: int
	locations: list[LocationSetup]
	test: ConnectionTestProgress | None
	dry_run: RunStanding | None
	first_import: RunStanding | None
	live_run: str | None
	can_preview: bool


class SampleRecord(TypedDict):
	"""A record that Kipu has, by its ID only."""

	casefile_id: str
	facility: str | None
	status: ClientStatus
