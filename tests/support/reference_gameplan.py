"""The sprint of docs/api-reference.md: SPRINT001 of PROJ002, in March 2025."""

import frappe

from tests.support import factories
from tests.support.gameplan import make_sprint, make_task, patch_now, save
from tests.support.reference_hr import list_reference_holidays

PROJECTS = ("Harbour launch", "Harbour portal")


def make_reference_sprint() -> dict[str, str]:
	"""Create the sprint, without records of an earlier run. Return its name and its project's."""
	delete_reference_sprints()
	project = factories.make_project(project_name=PROJECTS[0], holiday_list=list_reference_holidays()).name
	sprint = make_sprint(project, title="Launch", start_date="2025-03-03", end_date="2025-03-14")
	with patch_now("2025-02-28 10:00:00"):
		first, second, third = (make_task(sprint, hours) for hours in (16, 14, 10))
	record_transition(sprint.name, state="Active", started_at="2025-03-03 09:00:00", committed_hours=40)
	record_work(sprint, first, second, third)
	record_transition(
		sprint.name,
		state="Closed", closed_at="2025-03-14 17:00:00",
		completed_hours=36, unfinished_hours=6, completed_tasks=3, unfinished_tasks=1,
	)  # fmt: skip
	return {"PROJ002": project, "SPRINT001": sprint.name}


def record_work(sprint, first, second, third) -> None:
	"""Record the work and the changes of the plan, day by day."""
	with patch_now("2025-03-04 16:00:00"):
		save(first, progress=12.5)  # 2 done
	with patch_now("2025-03-06 16:00:00"):
		save(third, progress=30)  # 3
	with patch_now("2025-03-07 16:00:00"):
		save(third, progress=80)  # 5
	with patch_now("2025-03-10 09:00:00"):
		make_task(sprint, 6)  # added
	with patch_now("2025-03-11 12:00:00"):
		save(second, expected_time=10)  # 4 removed
	with patch_now("2025-03-11 16:00:00"):
		save(first, progress=62.5)  # 8
	with patch_now("2025-03-12 16:00:00"):
		save(second, status="Completed")  # 10
	with patch_now("2025-03-13 16:00:00"):
		save(first, status="Completed")  # 6
		save(third, status="Completed")  # 2


def record_transition(sprint: str, **values) -> None:
	"""Write the values of starting or closing the sprint on an earlier day."""
	frappe.db.set_value("Sprint", sprint, values)
	frappe.db.commit()


def delete_reference_sprints() -> None:
	"""Delete the sprints of the document's projects, with their tasks."""
	for project in frappe.get_all("Project", {"project_name": ("in", PROJECTS)}, pluck="name"):
		for name in frappe.get_all("Task", {"project": project}, pluck="name"):
			frappe.delete_doc("Task", name, force=True)
		for name in frappe.get_all("Sprint", {"project": project}, pluck="name"):
			frappe.delete_doc("Sprint", name)
		frappe.delete_doc("Project", project, force=True)
	frappe.db.commit()
