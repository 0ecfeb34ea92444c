"""Give open Issues that were paused under an earlier version due times within working hours."""

from orchestrator.helpdesk import due_times
from orchestrator.setup import custom_fields


def execute() -> None:
	custom_fields.sync_custom_fields()
	due_times.recount_pauses()
