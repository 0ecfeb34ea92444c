"""Calls that the sweep skips, and findings that are not leaks, each with the reason."""

# Pattern of an error -> the reason for which it is not about a wrong argument
REFUSALS: dict[str, str] = {
	r"developer mode": "only for developers",
	r"Only Administrator|only allowed to Administrator|Only System Manager": "a refusal of the caller under the status of a wrong value",
	r"No Permission|not permitted|not allowed|need \w+ permission|PermissionError|don't have|do not have": "the same",
	r"Sign Up is disabled|LDAP is not enabled|Recorder|Password not found for Social Login|access keys|unsplash_access_key|api key": "switched off on this site",
	r"setup default outgoing Email Account": "no mail account",
	r"Cannot map because": "found and readable, but not in the state for it",
	r"unknown command 'FT\.": "needs RediSearch",
	r"There is no calendar at this address": "a secret address, which no caller of the sweep knows",
	r"DoesNotExistError: .* not found": "hidden: the record is there, and the caller may not know",
	r"DoesNotExistError \[(?!.*\b(?:stand-in \w+|text|missing) not found).* not found": "the same, of a planted record",
	r"must be the name of one record": "the guard's answer to a filter in the place of a name",
	r"There is no parameter fid": "an attack on downloads, answered by the endpoint",
}
NOT_CALLED: dict[str, str] = {
	"frappe.core.doctype.rq_job.rq_job.stop_job": "stops jobs of other tests on the same Redis",
}
# Callers, methods, planted values (patterns) -> the reason for which it is not a leak
PERMITTED: tuple[tuple[str, str, str, str], ...] = (
	(
		".*",
		r"^frappe\.realtime\.(can_subscribe_doctype|has_permission)$",
		".* list room",
		"whoever may read some records of a DocType joins its room; messages there carry names alone, and the sweep looks "
		"for planted values in every message",
	),
)
