"""The demo's projects and tasks, in ERPNext and in Gameplan."""

from frappe.utils import add_days

from orchestrator.setup.demo import data, sprints
from orchestrator.setup.demo.maker import DemoMaker, insert_record


def create_projects(maker: DemoMaker) -> None:
	for row in data.PROJECTS:
		project = insert_record(
			"Project",
			project_name=row.name,
			company=maker.company,
			expected_start_date=add_days(maker.today, row.starts),
			expected_end_date=add_days(maker.today, row.ends),
		)
		maker.names["Project", row.key] = project.name
	for task in data.TASKS:
		_create_task(maker, task)
	for sprint in data.SPRINTS:
		sprints.create_sprint(maker, sprint)


def _create_task(maker: DemoMaker, row: data.Task) -> None:
	task = insert_record(
		"Task",
		subject=row.subject,
		project=maker.names["Project", row.project],
		company=maker.company,
		status=row.status,
		priority=row.priority,
		exp_start_date=add_days(maker.today, row.starts),
		exp_end_date=add_days(maker.today, row.ends),
		expected_time=row.hours,
		progress=row.progress,
		progress_notes=row.notes,
		review_date=add_days(maker.today, row.ends) if row.status == "Pending Review" else None,
		completed_on=add_days(maker.today, row.ends) if row.status == "Completed" else None,
	)
	maker.names["Task", row.subject] = task.name
	maker.assign(task, row.assignee)


def create_team_project() -> None:
	team = insert_record("GP Team", title=data.TEAM_NAME)
	project = insert_record("GP Project", title=data.TEAM_PROJECT, team=team.name)
	for title, status in data.TEAM_TASKS:
		insert_record("GP Task", title=title, description="", status=status, project=project.name)
