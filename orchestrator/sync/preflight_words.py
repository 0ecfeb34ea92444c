"""The findings of the pre-flight test in words: what was found, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from frappe import _lt

from orchestrator.sync.kipu.findings import Finding

PARTS = {
	"base_url": _lt("Base URL"),
	"network": _lt("Network"),
	"access_id": _lt("Access ID"),
	"secret_key": _lt("Secret Key"),
	"app_id": _lt("App ID"),
	"api_version": _lt("API Version"),
	"clock": _lt("Clock"),
	"permission": _lt("Permission"),
	"route": _lt("Route"),
	"page_size": _lt("Page Size"),
	"dates": _lt("Dates"),
	"locations": _lt("Locations"),
	"fields": _lt("Fields"),
	"records": _lt("Records"),
}
# (part, code) -> what was found, what to do. A part of None stands for every part.
WORDS: Mapping[tuple[str | None, str], tuple[Any, Any]] = {
	("base_url", "unsafe_scheme"): (
		_lt("The base URL is not https."),
		_lt("Enter it as https://api.kipuapi.com. Plain http is for this very machine only."),
	),
	("base_url", "unsafe_not_allowed"): (
		_lt("The base URL leads to a host that this site may not call."),
		_lt("If it is right, have the host added to kipu_allowed_hosts in the site's configuration."),
	),
	("base_url", "unsafe_credentials"): (
		_lt("The base URL holds a user name or password."),
		_lt("Leave only https:// and the host."),
	),
	("base_url", "unsafe_path"): (
		_lt("The base URL holds more than a host."),
		_lt("Leave out everything behind the host; the sync adds the paths."),
	),
	("base_url", "unsafe_host"): (_lt("The base URL names no host."), _lt("Enter https:// and the host.")),
	("base_url", "unsafe_form"): (
		_lt("The base URL is not an address."),
		_lt("Enter https:// and the host."),
	),
	("base_url", "rejected"): (
		_lt("Something answers at this address, but not Kipu's API (status {status})."),
		_lt("Check the base URL with Kipu."),
	),
	("route", "rejected"): (
		_lt("Kipu rejects the request itself (status {status})."),
		_lt("Check the API version and the page size."),
	),
	("network", "no_answer"): (
		_lt("No usable answer came ({cause}, status {status})."),
		_lt(
			"Check that this machine reaches the host, and whether Kipu is under maintenance; then test again."
		),
	),
	("access_id", "unknown"): (
		_lt("Kipu does not know this access id."),
		_lt("Copy it anew from what Kipu issued; it belongs to one instance."),
	),
	("access_id", "accepted"): (_lt("The access id, the secret key and the app id are accepted."), ""),
	(None, "swapped"): (
		_lt("The access id and the app id are in each other's place."),
		_lt("Exchange the two values."),
	),
	(None, "blanks"): (
		_lt("There are blanks before or behind this value; without them Kipu accepts it."),
		_lt("Enter it again without blanks or line breaks."),
	),
	(None, "refused"): (
		_lt("Kipu refuses this value."),
		_lt("Copy it anew from what Kipu issued; the three values belong together."),
	),
	(None, "one_of_these"): (
		_lt("Kipu refuses the secret key or the app id, and does not say which of the two."),
		_lt("Copy both anew from what Kipu issued; the three values belong together."),
	),
	("clock", "off"): (
		_lt("This machine's clock and Kipu's are {seconds} seconds apart, so signatures are refused."),
		_lt("Let the machine set its clock by NTP."),
	),
	("clock", "drifting"): (
		_lt(
			"This machine's clock and Kipu's are {seconds} seconds apart; beyond 15 minutes nothing is let in."
		),
		_lt("Let the machine set its clock by NTP."),
	),
	("clock", "near"): (_lt("This machine's clock and Kipu's agree to within {seconds} seconds."), ""),
	("api_version", "other_works"): (
		_lt("Kipu accepts these keys with version {version} of its API, not with the one that is set."),
		_lt("Set the API version to {version}."),
	),
	("permission", "refused"): (
		_lt("The keys are right, but the owner of the key may not use {route}."),
		_lt("Ask Kipu to give the key's owner permission for this route."),
	),
	("route", "answers"): (_lt("{route} answers."), ""),
	("route", "disabled"): (
		_lt("{route} is switched off for this instance."),
		_lt("Ask Kipu to switch it on. The sync goes on without it and says what that means."),
	),
	("route", "fails"): (
		_lt("{route} fails ({error}, status {status})."),
		_lt("Test again later; if it stays so, ask Kipu."),
	),
	("page_size", "no_pagination"): (
		_lt("Kipu answers without saying how many pages there are."),
		_lt("Such a read never counts as complete, so nobody is marked absent. Ask Kipu."),
	),
	("page_size", "capped"): (
		_lt("Kipu gives {count} records a page, though {per} are asked for."),
		_lt("Set the page size to {count}."),
	),
	("page_size", "kept"): (_lt("Pages of {per} records are given."), ""),
	("dates", "utc_midnights"): (
		_lt(
			"Dates without a time of day come as midnight in UTC ({utc}), which is a day early in your zone."
		),
		_lt("Tick that midnight in UTC is a date."),
	),
	("dates", "local_midnights"): (
		_lt("Dates without a time of day come as midnight at the facility ({local}), not in UTC ({utc})."),
		_lt("Untick that midnight in UTC is a date."),
	),
	("dates", "plausible"): (_lt("The dates look right for the zones that are set."), ""),
	("locations", "unknown"): (
		_lt("Kipu has no location {locations}."),
		_lt("Correct the location ids; below are those that Kipu has."),
	),
	("locations", "not_listed"): (
		_lt("Kipu has locations that are not listed here: {locations}."),
		_lt("Add them, or leave them out on purpose."),
	),
	("locations", "known"): (_lt("{count} locations, all known."), ""),
	("locations", "all"): (
		_lt("{count} locations, all of which are read, in the connection's own time zone."),
		"",
	),
	("fields", "drift"): (
		_lt(
			"Kipu's records differ from what is known. Unknown: {unknown}. Missing: {vanished}. Other type: {retyped}."
		),
		_lt("Nothing is lost: unknown fields are left out. Look for a newer version of this app."),
	),
	("records", "unreadable"): (
		_lt("{count} records of the first page can't be read."),
		_lt("A run lists them as Sync Issues, each with its casefile and field."),
	),
}


def title_of(part: str) -> str:
	"""The part's name."""
	return str(PARTS[part])


def sentences_of(finding: Finding) -> tuple[str, str]:
	"""What was found, and what to do (empty where there is nothing to do)."""
	key = (finding.part, finding.code)
	found, mend = WORDS[key] if key in WORDS else WORDS[None, finding.code]
	facts = _Facts({name: _shown(value) for name, value in {**finding.facts, "route": finding.route}.items()})
	return str(found).format_map(facts), str(mend).format_map(facts)


class _Facts(dict[str, str]):
	"""A fact that is not there is a dash."""

	def __missing__(self, _name: str) -> str:
		return "-"


def _shown(value: Any) -> str:
	if isinstance(value, list):
		return ", ".join(value)
	if isinstance(value, int):
		return str(abs(value))  # which of two clocks is ahead makes no difference to what to do
	return "-" if value is None else str(value)
