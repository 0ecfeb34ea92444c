"""Remaining work of each member of a sprint, compared with the capacity."""

from collections.abc import Iterable, Mapping

import frappe

from orchestrator.doctypes import SPRINT
from orchestrator.gameplan.burndown import round_hours
from orchestrator.gameplan.readable import list_full_names
from orchestrator.gameplan.shapes import MemberLoad, SprintCapacity
from orchestrator.gameplan.task_rows import TaskRow, list_sprint_rows


def build_capacity(sprint: str) -> SprintCapacity:
	"""Return the members and their workload."""
	# get_all: users who may read the sprint may read its members
	members = frappe.get_all(
		"Sprint Member",
		{"parent": sprint, "parenttype": SPRINT},
		["user", "capacity_hours"],
		order_by="idx",
		limit=0,
	)
	rows = list_sprint_rows(sprint)
	names = list_full_names([*(member.user for member in members), *(row.assigned_to for row in rows)])
	loads = _compute_loads({row.user: row.capacity_hours or 0.0 for row in members}, rows, names)
	capacity = sum(load["capacity_hours"] for load in loads)
	remaining = sum(load["remaining_hours"] for load in loads)
	return SprintCapacity(
		sprint=sprint,
		members=loads,
		capacity_hours=round_hours(capacity),
		remaining_hours=round_hours(remaining),
		free_hours=round_hours(capacity - remaining),
	)


def _compute_loads(
	capacities: Mapping[str, float], rows: Iterable[TaskRow], names: Mapping[str, str]
) -> list[MemberLoad]:
	"""Return one entry per member, in their order; then one for each other user with tasks; last, unassigned
	tasks. A task with several assignees counts for the first.
	"""
	tasks: dict[str | None, list[TaskRow]] = {user: [] for user in capacities}
	for row in rows:
		if not row.is_dropped:
			tasks.setdefault(row.assigned_to or None, []).append(row)
	others = sorted(user for user in tasks if user and user not in capacities)
	order = [*capacities, *others, *([None] if None in tasks else [])]
	return [
		_compute_load(user, names.get(user or "", user), capacities.get(user or "", 0.0), tasks[user])
		for user in order
	]


def _compute_load(
	user: str | None, full_name: str | None, capacity: float, rows: list[TaskRow]
) -> MemberLoad:
	remaining = sum(row.state.remaining for row in rows)
	return MemberLoad(
		user=user,
		user_name=full_name,
		capacity_hours=round_hours(capacity),
		estimated_hours=round_hours(sum(row.state.estimate for row in rows)),
		remaining_hours=round_hours(remaining),
		free_hours=round_hours(capacity - remaining),
		open_tasks=sum(row.is_unfinished for row in rows),
		is_overloaded=user is not None and round_hours(remaining) > round_hours(capacity),
	)
