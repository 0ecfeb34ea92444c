"""Messages for the findings of the connection test: the result, and what to do."""

from collections.abc import Mapping
from typing import Any

from frappe import _lt

from orchestrator.sync.kipu.findings import Finding

PART_TITLES = {
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
# (part, code) -> finding, remedy. A part of None matches every part.
MESSAGES: Mapping[tuple[str | None, str], tuple[Any, Any]] = {
	("base_url", "unsafe_scheme"): (
		_lt("The base URL is not https."),
		_lt("Enter it as https://api.kipuapi.com. Plain http is allowed only for localhost."),
	),
	("base_url", "unsafe_not_allowed"): (
		_lt("The host of the base URL is not on the list of allowed hosts."),
		_lt("If it is correct, ask your administrator to add it to kipu_allowed_hosts in site_config.json."),
	),
	("base_url", "unsafe_credentials"): (
		_lt("The base URL contains a user name or password."),
		_lt("Enter only https:// and the host."),
	),
	("base_url", "unsafe_path"): (
		_lt("The base URL contains more than a host."),
		_lt("Remove everything after the host; the sync adds the paths."),
	),
	("base_url", "unsafe_host"): (_lt("The base URL has no host."), _lt("Enter https:// and the host.")),
	("base_url", "unsafe_form"): (
		_lt("The base URL is not a valid address."),
		_lt("Enter https:// and the host."),
	),
	("base_url", "rejected"): (
		_lt("The server at this address is not Kipu's API (status {status})."),
		_lt("Check the base URL with Kipu."),
	),
	("route", "rejected"): (
		_lt("Kipu rejects the form of the request (status {status})."),
		_lt("Check the API version and the page size."),
	),
	("network", "no_answer"): (
		_lt("There was no usable reply ({cause}, status {status})."),
		_lt(
			"Check that this server can reach the host and that Kipu is not under maintenance, then test again."
		),
	),
	("access_id", "unknown"): (
		_lt("Kipu does not know this access ID."),
		_lt("Copy it again from the credentials Kipu gave you; it belongs to one instance."),
	),
	("access_id", "accepted"): (_lt("The access ID, the secret key and the app ID are accepted."), ""),
	(None, "swapped"): (
		_lt("The access ID and the app ID are swapped."),
		_lt("Swap the two values."),
	),
	(None, "blanks"): (
		_lt("There are spaces before or after this value; without them Kipu accepts it."),
		_lt("Enter it again without spaces or line breaks."),
	),
	(None, "refused"): (
		_lt("Kipu refuses this value."),
		_lt("Copy it again from the credentials Kipu gave you; the three values belong together."),
	),
	(None, "one_of_these"): (
		_lt("Kipu refuses the secret key or the app ID and does not say which of the two."),
		_lt("Copy both again from the credentials Kipu gave you; the three values belong together."),
	),
	("clock", "off"): (
		_lt("This server's clock and Kipu's are {seconds} seconds apart, so Kipu refuses the signatures."),
		_lt("Synchronize the server's clock with NTP."),
	),
	("clock", "drifting"): (
		_lt(
			"This server's clock and Kipu's are {seconds} seconds apart; beyond 15 minutes Kipu refuses every request."
		),
		_lt("Synchronize the server's clock with NTP."),
	),
	("clock", "near"): (_lt("This server's clock and Kipu's agree to within {seconds} seconds."), ""),
	("api_version", "other_works"): (
		_lt("Kipu accepts these keys with version {version} of its API, but another version is set."),
		_lt("Set the API version to {version}."),
	),
	("permission", "refused"): (
		_lt("The keys are correct, but their owner may not use {route}."),
		_lt("Ask Kipu to give the owner of the keys permission for this route."),
	),
	("route", "answers"): (_lt("{route} works."), ""),
	("route", "disabled"): (
		_lt("{route} is switched off for your Kipu instance."),
		_lt("Ask Kipu to switch it on. The sync works without it and reports what is missing."),
	),
	("route", "fails"): (
		_lt("{route} failed ({error}, status {status})."),
		_lt("Test again later; if it still fails, ask Kipu."),
	),
	("page_size", "no_pagination"): (
		_lt("Kipu does not say how many pages there are."),
		_lt(
			"The sync cannot know when it has read everything, so it never marks a client as absent. Ask Kipu."
		),
	),
	("page_size", "capped"): (
		_lt("Kipu returns {count} records per page although {per} were requested."),
		_lt("Set the page size to {count}."),
	),
	("page_size", "kept"): (_lt("Kipu returns {per} records per page, as requested."), ""),
	("dates", "utc_midnights"): (
		_lt(
			"Kipu sends dates without a time as midnight in UTC ({utc}), which is a day early in your time zone."
		),
		_lt("Switch on Treat 00:00 UTC as a Date."),
	),
	("dates", "local_midnights"): (
		_lt("Kipu sends dates without a time as midnight at the facility ({local}), not in UTC ({utc})."),
		_lt("Switch off Treat 00:00 UTC as a Date."),
	),
	("dates", "plausible"): (_lt("The dates look right for the time zones that are set."), ""),
	("locations", "unknown"): (
		_lt("Kipu has no location {locations}."),
		_lt("Correct the location IDs; Kipu's locations are listed below."),
	),
	("locations", "not_listed"): (
		_lt("Kipu has locations that are not listed here: {locations}."),
		_lt("Add the locations that you want to configure yourself."),
	),
	("locations", "known"): (_lt("{count} locations, all of them listed here."), ""),
	("locations", "all"): (
		_lt("{count} locations. All of them are synced, in the default time zone of the connection."),
		"",
	),
	("fields", "drift"): (
		_lt(
			"The fields of Kipu's records have changed. Unknown: {unknown}. Missing: {vanished}. Different type: {retyped}."
		),
		_lt("The sync still works and skips unknown fields. Check for a newer version of this app."),
	),
	("records", "unreadable"): (
		_lt("{count} records on the first page cannot be read."),
		_lt("A sync lists them as Sync Issues, each with its casefile and field."),
	),
}


def get_title(part: str) -> str:
	"""Return the part's name."""
	return str(PART_TITLES[part])


def render_finding(finding: Finding) -> tuple[str, str]:
	"""Return the finding as text, and the remedy (empty if there is none)."""
	key = (finding.part, finding.code)
	found, remedy = MESSAGES[key] if key in MESSAGES else MESSAGES[None, finding.code]
	facts = _FactsWithDefault(
		{name: _render_value(value) for name, value in {**finding.facts, "route": finding.route}.items()}
	)
	return str(found).format_map(facts), str(remedy).format_map(facts)


class _FactsWithDefault(dict[str, str]):
	"""Facts for a message; a missing one is shown as a dash."""

	def __missing__(self, _name: str) -> str:
		return "-"


def _render_value(value: Any) -> str:
	if isinstance(value, list):
		return ", ".join(value)
	if isinstance(value, int):
		return str(abs(value))  # the remedy does not depend on which clock is ahead
	return "-" if value is None else str(value)
