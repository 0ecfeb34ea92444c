"""The endpoints of subscriptions: dashboards by mail, to each recipient with their own figures."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import CREATE, READ, WRITE, endpoint
from orchestrator.api.schema_types import Bounded, Names, OneOf
from orchestrator.insights.subscriptions import records, rules, schedule
from orchestrator.insights.subscriptions.shapes import Subscription, Subscriptions, TestMail


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Dashboard subscribed"), effect=CREATE)
def subscribe(
	dashboard: str,
	frequency: Annotated[str, OneOf(*schedule.FREQUENCIES)],
	hour: Annotated[str | int | None, Bounded(0, 23)] = None,
	recipients: Names = None,
	format: Annotated[str, OneOf(*records.FORMATS)] = "pdf",  # noqa: A002  # as in generate_report
	day_of_week: Annotated[str | None, OneOf(*schedule.DAYS)] = None,
	day_of_month: Annotated[str | int | None, Bounded(1, 31)] = None,
	period: Annotated[str | None, OneOf(*schedule.PERIODS)] = None,
	facility: str | None = None,
) -> Subscription:
	"""Send a dashboard by mail regularly, to each recipient with the figures that they may see.

	A recipient who may not open the dashboard any more gets none, and the owner of the subscription is told. Change and delete a subscription as any record of Dashboard Subscription.

	Args:
		dashboard: Name of a dashboard of this app.
		frequency: How often it is sent.
		hour: Hour in the site's time zone. Default: 7.
		recipients: Users who receive it, as a list. Default: the caller.
		format: pdf: a file attached to the mail. html: the figures in the mail. Default: pdf.
		day_of_week: Day of a weekly mail. Default: Monday.
		day_of_month: Day of a monthly mail; in a shorter month, its last day. Default: 1.
		period: Period before the mail that replaces that of the figures. Default: each figure's own period.
		facility: Name of the facility whose records are counted. Default: all.

	Returns:
		The subscription that was created.

	Permissions:
		Whoever may open the dashboard, for themselves. System Manager, Orchestrator Manager and Dashboard Manager also for others who may open it.

	Raises:
		PermissionError: 403. The caller may read no dashboards or no facilities, or may not subscribe others.
		DoesNotExistError: 404. The dashboard or the facility is missing or hidden.
		InvalidRequestError: 400. A parameter is malformed or out of bounds.
		InvalidRecipientError: 422. A recipient may not open the dashboard.
		MailDisabledError: 422. This site does not send dashboards by mail.
	"""
	values = {
		"frequency": frequency,
		"hour": hour,
		"recipients": recipients,
		"format": format,
		"day_of_week": day_of_week,
		"day_of_month": day_of_month,
		"period": period,
		"facility": facility,
	}
	return records.create_subscription(dashboard, values)


@frappe.whitelist(methods=["GET", "POST"])
@endpoint(_lt("Subscriptions fetched"), effect=READ)
def list_subscriptions(dashboard: str | None = None) -> Subscriptions:
	"""List the subscriptions that the caller owns or receives.

	Args:
		dashboard: Name of a dashboard. Default: all.

	Returns:
		The subscriptions, the oldest first.

	Permissions:
		Everyone in Desk.

	Raises:
		PermissionError: 403. The caller may read no subscriptions.
	"""
	found = records.list_subscriptions(dashboard)
	return {"is_mail_allowed": rules.is_mail_allowed(), "subscriptions": found}


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Dashboard unsubscribed"), effect=WRITE)
def unsubscribe(subscription: str) -> Subscription:
	"""Take the caller off the recipients of a subscription, for good.

	Args:
		subscription: Name of the Dashboard Subscription.

	Returns:
		The subscription, with the caller's own entry of the recipients.

	Permissions:
		Its recipients.

	Raises:
		DoesNotExistError: 404. The subscription is missing or hidden, or the caller is no recipient.
	"""
	return records.unsubscribe(records.get_subscription(subscription))


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Test mail queued"), effect=WRITE)
def send_test_mail(subscription: str) -> TestMail:
	"""Send a subscription to the caller now, with the figures that they may see.

	Args:
		subscription: Name of the Dashboard Subscription.

	Returns:
		The address to which it is sent.

	Permissions:
		The owner and the recipients of the subscription.

	Raises:
		PermissionError: 403. The caller may read no dashboards, or no facilities.
		DoesNotExistError: 404. The subscription, its dashboard or its facility is missing or hidden.
		NothingToSendError: 422. The caller may see none of the figures.
		MailDisabledError: 422. This site does not send dashboards by mail, or has no outgoing mail account.
	"""
	return records.send_test_mail(records.get_subscription(subscription))
