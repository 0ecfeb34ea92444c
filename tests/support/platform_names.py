"""Names of the platform that exist on this bench."""

import importlib


def is_importable(name: str) -> bool:
	"""Return True if a module and its attributes lead to something of that name."""
	parts = name.split(".")
	for length in range(len(parts), 0, -1):
		try:
			found = importlib.import_module(".".join(parts[:length]))
		except ImportError:
			continue
		for attribute in parts[length:]:
			if not hasattr(found, attribute):
				return False
			found = getattr(found, attribute)
		return True
	return False
