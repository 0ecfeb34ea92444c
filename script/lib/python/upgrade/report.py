"""The result of an upgrade rehearsal, and its output."""

from dataclasses import dataclass, field

from benches import Row

RUN_COUNTS = ("imported", "updated", "failed")


@dataclass
class Report:
	"""Compared subjects, and what was lost of each."""

	subjects: dict[str, Row] = field(default_factory=dict)
	lost: Row = field(default_factory=dict)
	changed: Row = field(default_factory=dict)
	files_lost: list[str] = field(default_factory=list)
	syncs: list[Row] = field(default_factory=list)
	doctor: list[Row] = field(default_factory=list)

	def is_complete(self) -> bool:
		"""Return True if every record and file is there, the sync has nothing to write, and the doctor finds no failure."""
		writes = any(run[count] for run in self.syncs for count in RUN_COUNTS)
		failures = any(finding["level"] == "fail" for finding in self.doctor)
		return not (self.lost or self.changed or self.files_lost or writes or failures)


def print_report(report: Report) -> None:
	"""Print the report for people."""
	for subject, counts in report.subjects.items():
		if counts["before"]:
			print(f"{subject:32} {counts['before']:>7} before {counts['after']:>7} after")
	for line in describe_differences(report):
		print(line)
	for run in report.syncs:
		print(
			f"Sync {run['sync_type']}: "
			+ ", ".join(f"{run[count]} {count}" for count in (*RUN_COUNTS, "skipped"))
		)
	print("Everything is there." if report.is_complete() else "Not everything is there.")


def describe_differences(report: Report) -> list[str]:
	"""Return a line for each difference and each failure that the doctor finds."""
	failures = [finding for finding in report.doctor if finding["level"] == "fail"]
	return [
		*(f"Lost: {doctype}: {', '.join(names)}" for doctype, names in report.lost.items()),
		*(f"Changed: {column}: {found}" for column, found in report.changed.items()),
		*(f"Lost or changed: {path}" for path in report.files_lost),
		*(f"Doctor: {finding['check']}: {finding['found']} {finding['remedy']}" for finding in failures),
	]
