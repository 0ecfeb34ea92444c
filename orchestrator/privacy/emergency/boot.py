"""What Desk knows of emergency access when it starts."""

from typing import Any

from orchestrator.privacy.emergency.eligibility import has_clinical_role, is_enabled


def extend_bootinfo(bootinfo: Any) -> None:
	"""Handle the hook extend_bootinfo: tell Desk whether it may offer emergency access to its user."""
	bootinfo.offers_emergency_access = is_enabled() and has_clinical_role()
