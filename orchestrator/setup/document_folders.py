"""The root of the document library."""

from orchestrator.docs import folders


def sync() -> None:
	"""Make it where it is missing. Its access is the site's to set: until then only managers of all documents reach it."""
	folders.ensure_root()
