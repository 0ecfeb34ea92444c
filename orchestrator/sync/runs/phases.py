"""The phases of a run. Each can be repeated without harm."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from orchestrator.sync.kipu.pages import RawRecord, ReadCounts
from orchestrator.sync.kipu.records import RecordError, split_casefile
from orchestrator.sync.merge.identity import build_stay_name
from orchestrator.sync.merge.location_facilities import ensure_facilities
from orchestrator.sync.runs import deactivation
from orchestrator.sync.runs.context import MAX_READS, Checkpoint, RunContext, get_next_day
from orchestrator.sync.runs.counts import PageOutcomes
from orchestrator.sync.runs.retries import retry

FIRST_WINDOW_DAYS = 91
MIN_WINDOW_DAYS, MAX_WINDOW_DAYS = 1, 1461
MAX_WINDOW_PAGES = 40


def locations(work: RunContext) -> None:
	"""Create a facility for each new location, before the first record."""

	def read() -> None:
		for page in work.client.list_locations():
			work.answered = True
			records = page.records
		work.run_in_transaction(
			partial(_create_facilities, work, records),
			work.run.checkpoint or _build_checkpoint(work, "locations"),
		)

	if not work.source.facilities_by_location:
		work.skip_if_route_disabled("locations", read)


def _create_facilities(work: RunContext, records: list[RawRecord]) -> PageOutcomes:
	ensure_facilities(records, work.source, work.open_savepoint, dry_run=work.dry_run)
	return PageOutcomes()


def due(work: RunContext) -> None:
	"""Apply the discharges that became due since the last run. Kipu reports none of them."""
	work.run_in_transaction(
		lambda: deactivation.apply_planned_discharges(work),
		work.run.checkpoint or _build_checkpoint(work, "due"),
	)


def latest(work: RunContext) -> None:
	"""Import records updated since the last run, and in the overlap before it."""
	until = work.until
	cursor = work.run.cursor_before or work.source.history_start
	start = min(cursor - timedelta(days=work.source.overlap_days), until)
	checkpoint = {**_build_checkpoint(work, "latest"), "start": start.isoformat()}

	def read() -> None:
		complete = work.read_pages(
			lambda first: work.client.list_updated(start, get_next_day(until), first_page=first), checkpoint
		)
		work.complete = work.complete and complete

	if not work.skip_if_route_disabled("patients/latest", read, essential=True):
		work.complete = False


def windows(work: RunContext) -> None:
	"""Import all records since a date, in windows that grow and shrink with the number of records."""
	until = work.until
	checkpoint = work.run.checkpoint
	begun = checkpoint.get("phase") == "windows"
	start = date.fromisoformat(checkpoint["start"]) if begun else _get_history_start(work)
	days = checkpoint["days"] if begun else FIRST_WINDOW_DAYS
	last = get_next_day(until)
	while start <= last:
		end = min(start + timedelta(days=days - 1), last)
		pages = work.run.tally.pages
		read = partial(_sync_window, work, start, end, days)
		if not work.skip_if_route_disabled("patients/latest", read, essential=True):
			work.complete = False
			return
		start, days = get_next_day(end), _compute_window_days(days, work.run.tally.pages - pages)


def _sync_window(work: RunContext, start: date, end: date, days: int) -> None:
	checkpoint = {
		**_build_checkpoint(work, "windows"),
		"start": start.isoformat(),
		"end": end.isoformat(),
		"days": days,
	}
	complete = work.read_pages(
		lambda first: work.client.list_updated(start, end, first_page=first), checkpoint
	)
	work.complete = work.complete and complete


def _compute_window_days(days: int, pages: int) -> int:
	"""Return the length of the next window in days, from the length and pages of the last one."""
	if pages <= 1:
		return min(days * 2, MAX_WINDOW_DAYS)
	return max(days // 2, MIN_WINDOW_DAYS) if pages > MAX_WINDOW_PAGES else days


def census(work: RunContext) -> None:
	"""Import the census. Look up clients in care who are missing in a complete list one by one."""
	present: set[str] = set()

	def read() -> None:
		for _attempt in range(MAX_READS):
			present.clear()
			tally = _read_census(work, present)
			if tally.is_complete:
				return deactivation.verify_missing(work, present)
			if None in tally.totals:
				return work.run.add_note(
					"census: the reply has no pagination, so missing clients were not checked"
				)
		return work.run.add_note(
			"census: records moved while it was read, so missing clients were not checked"
		)

	work.skip_if_route_disabled("patients/census", read)


def _read_census(work: RunContext, present: set[str]) -> ReadCounts:
	"""Return one read of the census, from its first page: only such a read shows who is missing."""
	tally = ReadCounts()
	with work.prefetch_pages(work.client.list_census()) as pages:
		for page, seeing in pages:
			work.answered = True
			tally.add_page(page)
			work.count_page(page)
			present.update(_build_stay_names(work, page.records))
			work.apply_page(page, seeing, _build_checkpoint(work, "census"))
	return tally


def vault(work: RunContext) -> None:
	"""Deactivate stays that were recently deleted in Kipu; in a full run, all that were ever deleted."""
	start, end = None, None
	if work.run.request.sync_type == "incremental" and work.run.cursor_before:
		start = work.run.cursor_before - timedelta(days=work.source.overlap_days)
		end = get_next_day(work.until)

	def read() -> None:
		_read_vault(work, start, end)
		if start and work.relisted:
			# A relisted stay may have been deleted before that day, so the whole vault is read.
			_read_vault(work, None, None)

	work.skip_if_route_disabled("vaults/patients", read)
	deactivation.restore_relisted_stays(work, _build_checkpoint(work, "vault"))


def _read_vault(work: RunContext, start: date | None, end: date | None) -> None:
	for page in work.client.list_deleted(start, end):
		work.answered = True
		work.count_page(page)
		work.run_in_transaction(
			partial(deactivation.mark_deleted, work, page.records), _build_checkpoint(work, "vault")
		)


def settle(work: RunContext) -> None:
	"""Discharge clients whose last stay has ended, after all stays are imported."""
	if not work.dry_run:
		deactivation.finalize_discharges(work, _build_checkpoint(work, "settle"))


PHASES: Mapping[str, tuple[Callable[[RunContext], None], ...]] = {
	"incremental": (locations, due, latest, census, vault, settle),
	"first": (locations, due, windows, census, vault, settle),
	"full": (locations, due, windows, census, vault, settle),
	"backfill": (locations, windows, settle),
	"census": (locations, due, census, vault, settle),
	"retry": (retry, settle),
}
REPEATED_PHASES = frozenset({"locations", "due", "settle"})  # done in every run, resumed or not


def plan_phases(work: RunContext) -> list[Callable[[RunContext], None]]:
	"""Return the remaining phases, after those that a resumed run has completed."""
	sync_type = work.run.request.sync_type
	if sync_type == "incremental" and not work.run.cursor_before:
		sync_type = "first"
	phases = PHASES[sync_type]
	names = [phase.__name__ for phase in phases]
	reached = work.run.checkpoint.get("phase")
	behind = names[: names.index(reached)] if reached in names else []
	return [phase for phase in phases if phase.__name__ in REPEATED_PHASES or phase.__name__ not in behind]


def compute_cursor(work: RunContext) -> date | None:
	"""Return the cursor after a completed run. It never goes back."""
	moves = work.run.request.sync_type in ("incremental", "full") and work.complete
	return max(filter(None, (work.source.cursor, work.until))) if moves else work.source.cursor


def _build_checkpoint(work: RunContext, phase: str) -> Checkpoint:
	return {"phase": phase, "until": work.until.isoformat(), "torn": not work.complete}


def _get_history_start(work: RunContext) -> date:
	return work.run.request.since_date or work.source.history_start


def _build_stay_names(work: RunContext, records: list[RawRecord]) -> set[str]:
	names = set()
	for record in records:
		try:
			names.add(build_stay_name(work.source.name, split_casefile(record.get("casefile_id"))[0]))
		except RecordError:
			continue
	return names
