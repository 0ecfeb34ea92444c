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
	"""Handle the hook after_app_install: apply the declarations to the DocTypes of an app installed after
	this one.
	"""
	if app in OPTIONAL_APPS:
		sync_declarations()
		dashboards.sync_dashboards()  # the app may bring roles of readers


def sync_declarations() -> None:
	"""Apply the declarations to the site. A repetition changes nothing."""
	declarations.sync_all()
