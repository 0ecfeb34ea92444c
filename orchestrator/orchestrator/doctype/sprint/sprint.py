from frappe.model.document import Document

from orchestrator.gameplan import sprint_rules


class Sprint(Document):
	"""A period in which a project or a team works on a set of tasks. Calls of orchestrator.gameplan start and
	close it; its burndown is computed from the Sprint Events.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from orchestrator.orchestrator.doctype.sprint_member.sprint_member import SprintMember

		closed_at: DF.Datetime | None
		committed_hours: DF.Float
		completed_hours: DF.Float
		completed_tasks: DF.Int
		end_date: DF.Date
		goal: DF.SmallText | None
		members: DF.Table[SprintMember]
		project: DF.Link | None
		start_date: DF.Date
		started_at: DF.Datetime | None
		state: DF.Literal["Planned", "Active", "Closed"]
		team: DF.DynamicLink | None
		team_type: DF.Literal["", "Department", "GP Team"]
		title: DF.Data
		unfinished_hours: DF.Float
		unfinished_tasks: DF.Int

	# end: auto-generated types

	def _validate_links(self) -> None:
		"""Check the team's app first: Frappe checks links before any hook, and would not name the missing app."""
		sprint_rules.check_team_app(self)
		super()._validate_links()

	def validate(self) -> None:
		sprint_rules.check_owner(self)
		sprint_rules.check_dates(self)
		sprint_rules.check_members(self)
		sprint_rules.check_system_fields(self)
		sprint_rules.check_frozen_fields(self)
		sprint_rules.check_overlap(self)

	def on_trash(self) -> None:
		sprint_rules.delete_events(self)

	def before_rename(self, _old: str, _new: str, merge: bool = False) -> None:
		if merge:
			sprint_rules.refuse_merge()
