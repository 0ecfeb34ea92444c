"""Install and migrate: everything this app declares on other apps' DocTypes."""

from orchestrator.setup import (
	backfill,
	custom_fields,
	documents,
	indexes,
	roles,
	settings_defaults,
	status_options,
)


def before_install() -> None:
	custom_fields.refuse_conflicts()


def after_install() -> None:
	sync()
	backfill.run()


def sync() -> None:
	"""Bring the site in line with the declarations. Repeating it changes nothing."""
	roles.sync()
	custom_fields.sync()
	indexes.sync()
	status_options.sync()
	settings_defaults.sync()
	documents.sync()
