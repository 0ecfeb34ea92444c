"""The site that a benchmark runs on: ORCHESTRATOR_SITE of the bench ORCHESTRATOR_BENCH."""

import os
from pathlib import Path

import frappe


def connect_site() -> Path:
	"""Connect to the site, from the bench's sites folder as Frappe expects. Return that folder."""
	sites = Path(os.environ["ORCHESTRATOR_BENCH"]) / "sites"
	os.chdir(sites)
	frappe.init(site=os.environ["ORCHESTRATOR_SITE"], sites_path=str(sites))
	frappe.connect()
	return sites
