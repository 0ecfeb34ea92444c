"""Records that the app writes by itself, and nobody changes."""

from frappe.model.document import Document


class ImmutableRecord(Document):
	"""A record that is added by SQL alone, and that nobody adds, changes, renames, shares or deletes otherwise."""

	@staticmethod
	def refuse_change() -> None:
		"""Refuse the change, also for the Administrator, and say why. Each DocType sets its own."""
		raise NotImplementedError

	def before_insert(self) -> None:
		self.refuse_change()

	def validate(self) -> None:
		self.refuse_change()

	def on_trash(self) -> None:
		self.refuse_change()

	def before_rename(self, *_args: object) -> None:
		self.refuse_change()

	def validate_share(self, _share: Document) -> None:
		self.refuse_change()
