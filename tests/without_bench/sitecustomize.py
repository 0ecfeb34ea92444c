"""Used on PYTHONPATH: hides every package that an environment with our requirements alone would not have."""

import json
import re
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")


def names_in(lines: Iterable[str]) -> set[str]:
	"""Return the packages that requirements name, without those of extras."""
	found = (re.match(r"[A-Za-z0-9._-]+", line) for line in lines if "extra ==" not in line)
	return {re.sub(r"[._-]+", "-", match[0]).lower() for match in found if match}


def with_dependencies(names: set[str]) -> set[str]:
	wanted: set[str] = set()
	while names:
		wanted |= names
		needed: set[str] = set()
		for name in names:
			try:
				needed |= names_in(metadata.requires(name) or ())
			except metadata.PackageNotFoundError:
				continue  # for another Python or system
		names = needed - wanted
	return wanted


def blocked() -> set[str]:
	wanted = with_dependencies(
		set().union(*(names_in((ROOT / name).read_text().splitlines()) for name in REQUIREMENTS))
	)
	others = {
		module
		for module, packages in metadata.packages_distributions().items()
		if not wanted & names_in(packages)
	}
	return others | {app["url"].rsplit("/", 1)[1] for app in json.loads((ROOT / "apps.json").read_text())}


class Blocker:
	"""An import finder that finds no hidden package."""

	modules = blocked() - {"sitecustomize", "orchestrator", "tests", "benchmarks"}

	def find_spec(self, name: str, *_args: object) -> None:
		if name.partition(".")[0] in self.modules:
			raise ModuleNotFoundError(f"No module named '{name}'", name=name)


sys.meta_path.insert(0, Blocker())  # type: ignore[arg-type]
