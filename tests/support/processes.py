"""Run tests in several processes at once: each has its own site and Redis databases, so that no other process
changes them. `script/test` creates the sites.
"""

import os
from urllib.parse import urlsplit

DATABASES_PER_PROCESS = 2  # the cache's and the queue's, which may be on one server
REDIS_URLS = ("FRAPPE_REDIS_CACHE", "FRAPPE_REDIS_QUEUE")
TAKEN = "ORCHESTRATOR_TEST_PROCESS"


def select_own_site() -> str | None:
	"""Return the site of this process, None in a run without one. Children inherit it with the environment."""
	site = os.environ.get("ORCHESTRATOR_SITE")
	number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
	if site and number and TAKEN not in os.environ:
		os.environ[TAKEN] = str(number)
		os.environ["ORCHESTRATOR_SITE"] = f"{number + 1}.{site}"
		for name in REDIS_URLS:
			os.environ[name] = offset_database(os.environ[name], DATABASES_PER_PROCESS * number)
	return os.environ.get("ORCHESTRATOR_SITE")


def offset_database(url: str, further: int) -> str:
	"""Return the database `further` numbers after that of a Redis URL, on the same server."""
	parts = urlsplit(url)
	return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + further}").geturl()
