"""Install and migrate: apply everything that this app declares on other apps' DocTypes."""

import click

from orchestrator.setup import backfill, custom_fields, dashboards, declarations
from orchestrator.setup.access_checks import describe_rate_limit

OPTIONAL_APPS = frozenset({"helpdesk", "gameplan", "insights"})


def before_install() -> None:
	custom_fields.check_conflicts()


def after_install() -> None:
	sync_declarations()
	backfill.run_backfill()
	click.echo(f"The rate limit is on: {describe_rate_limit()}. Change it in Orchestrator Settings.")


def after_app_install(app: str) -> None:
	"""Act on after_app_install: an app of the suite that came after us gets what we declare on its DocTypes."""
	if app in OPTIONAL_APPS:
		sync_declarations()
		dashboards.sync_dashboards()  # the app may bring the roles of their readers


def sync_declarations() -> None:
	"""Bring the site in line with the declarations. Repeating it changes nothing."""
	declarations.sync_all()
