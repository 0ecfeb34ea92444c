"""Frappe's Webhook with a delivery ID, and a check of its target before each delivery."""

from frappe.integrations.doctype.webhook.webhook import Webhook
from frappe.model.document import Document

from orchestrator.api import webhook_requests
from orchestrator.api.webhook_delivery import ID_HEADER, create_delivery_id, get_delivery_id
from orchestrator.api.webhook_redirects import check_requests
from orchestrator.api.webhook_targets import check_target


class IdentifiedWebhook(Webhook):
	"""Frappe's Webhook, which sends an ID with each delivery: the same for all its attempts."""

	def load_from_db(self) -> "IdentifiedWebhook":
		super().load_from_db()
		if delivery_id := get_delivery_id():
			self._set_delivery_id(delivery_id)
		return self

	def execute_for_doc(self, doc: Document) -> None:
		"""Deliver as the task of a workflow's transition, a feature of Frappe 16 that uses no job.

		Raises:
			InvalidWebhookTargetError: 422 if the address is not one that the webhook may be sent to.
			ValidationError: 422, if the receiver of a webhook with reliable delivery does not accept the request.
		"""
		if self.get("reliable_delivery"):
			webhook_requests.send_now(self, doc)
			return
		check_target(self.name, doc)
		if not get_delivery_id():
			self._set_delivery_id(create_delivery_id())
		with check_requests(self.name):
			super().execute_for_doc(doc)

	def _set_delivery_id(self, delivery_id: str) -> None:
		self.append("webhook_headers", {"key": ID_HEADER, "value": delivery_id})
