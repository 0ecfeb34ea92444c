"""What a run does, phase by phase. Each can be begun anew without harm."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from orchestrator.sync import departures
from orchestrator.sync.identity import stay_name
from orchestrator.sync.kipu.pages import RawRecord, ReadTally
from orchestrator.sync.kipu.records import RecordError, split_casefile
from orchestrator.sync.places import ensure
from orchestrator.sync.retries import retry
from orchestrator.sync.tally import Outcomes
from orchestrator.sync.work import READS, Mark, Work, day_after

FIRST_WINDOW_DAYS = 91
SHORTEST_DAYS, LONGEST_DAYS = 1, 1461
MANY_PAGES = 40


def locations(work: Work) -> None:
	"""Meet the instance's locations before the first record, each with a facility."""

	def read() -> None:
		for page in work.client.locations():
			work.answered = True
			records = page.records
		work.take(partial(_meet, work, records), work.run.checkpoint or _mark(work, "locations"))

	if not work.source.places:
		work.optional("locations", read)


def _meet(work: Work, records: list[RawRecord]) -> Outcomes:
	ensure(records, work.source, work.secure, dry_run=work.dry_run)
	return Outcomes()


def due(work: Work) -> None:
	"""A discharge that lay ahead becomes one when its moment comes, without a word from Kipu."""
	work.take(lambda: departures.take_due(work), work.run.checkpoint or _mark(work, "due"))


def latest(work: Work) -> None:
	"""What was updated since the last run, and some days before."""
	until = work.until
	cursor = work.run.cursor_before or work.source.history_start
	start = min(cursor - timedelta(days=work.source.overlap_days), until)
	mark = {**_mark(work, "latest"), "start": start.isoformat()}

	def read() -> None:
		complete = work.read(
			lambda first: work.client.latest(start, day_after(until), first_page=first), mark
		)
		work.complete = work.complete and complete

	if not work.optional("patients/latest", read, essential=True):
		work.complete = False


def windows(work: Work) -> None:
	"""Everything since a day, in windows that grow and shrink with what is in them."""
	until = work.until
	checkpoint = work.run.checkpoint
	begun = checkpoint.get("phase") == "windows"
	start = date.fromisoformat(checkpoint["start"]) if begun else _history_start(work)
	days = checkpoint["days"] if begun else FIRST_WINDOW_DAYS
	last = day_after(until)
	while start <= last:
		end = min(start + timedelta(days=days - 1), last)
		pages = work.run.tally.pages
		read = partial(_window, work, start, end, days)
		if not work.optional("patients/latest", read, essential=True):
			work.complete = False
			return
		start, days = day_after(end), next_days(days, work.run.tally.pages - pages)


def _window(work: Work, start: date, end: date, days: int) -> None:
	mark = {
		**_mark(work, "windows"),
		"start": start.isoformat(),
		"end": end.isoformat(),
		"days": days,
	}
	complete = work.read(lambda first: work.client.latest(start, end, first_page=first), mark)
	work.complete = work.complete and complete


def next_days(days: int, pages: int) -> int:
	"""How many days the next window has, after one of `days` with so many pages."""
	if pages <= 1:
		return min(days * 2, LONGEST_DAYS)
	return max(days // 2, SHORTEST_DAYS) if pages > MANY_PAGES else days


def census(work: Work) -> None:
	"""Who is in care now. Those who should be and are not in a complete list are looked up one by one."""
	present: set[str] = set()

	def read() -> None:
		for _attempt in range(READS):
			present.clear()
			tally = _census_once(work, present)
			if tally.complete:
				return departures.sweep(work, present)
			if None in tally.totals:
				return work.run.note(
					"census: the reply has no pagination, so missing clients were not checked"
				)
		return work.run.note("census: records moved while it was read, so missing clients were not checked")

	work.optional("patients/census", read)


def _census_once(work: Work, present: set[str]) -> ReadTally:
	"""One read of the census, from its first page, whatever was read before: only such a read says who is missing."""
	tally = ReadTally()
	with work.pages(work.client.census()) as pages:
		for page, seeing in pages:
			work.answered = True
			tally.observe(page)
			work.count(page)
			present.update(_names(work, page.records))
			work.take_page(page, seeing, _mark(work, "census"))
	return tally


def vault(work: Work) -> None:
	"""Who was deleted in Kipu lately; with everybody ever deleted in a full run."""
	start, end = None, None
	if work.run.order.sync_type == "incremental" and work.run.cursor_before:
		start = work.run.cursor_before - timedelta(days=work.source.overlap_days)
		end = day_after(work.until)

	def read() -> None:
		_read_vault(work, start, end)
		if start and work.relisted:
			# Who is listed again may have been deleted before that day: the whole vault tells.
			_read_vault(work, None, None)

	work.optional("vaults/patients", read)
	departures.restore_relisted(work, _mark(work, "vault"))


def _read_vault(work: Work, start: date | None, end: date | None) -> None:
	for page in work.client.deleted(start, end):
		work.answered = True
		work.count(page)
		work.take(lambda page=page: departures.take_deleted(work, page.records), _mark(work, "vault"))  # type: ignore[misc]


def settle(work: Work) -> None:
	"""Those whose last stay has ended leave care, now that every stay is known."""
	if not work.dry_run:
		departures.settle_all(work, _mark(work, "settle"))


PHASES: Mapping[str, tuple[Callable[[Work], None], ...]] = {
	"incremental": (locations, due, latest, census, vault, settle),
	"first": (locations, due, windows, census, vault, settle),
	"full": (locations, due, windows, census, vault, settle),
	"backfill": (locations, windows, settle),
	"census": (locations, due, census, vault, settle),
	"retry": (retry, settle),
}
REPEATED = frozenset({"locations", "due", "settle"})  # done in every run, resumed or not


def plan(work: Work) -> list[Callable[[Work], None]]:
	"""The phases that are left to do, after those a resumed run has behind it."""
	sync_type = work.run.order.sync_type
	if sync_type == "incremental" and not work.run.cursor_before:
		sync_type = "first"
	phases = PHASES[sync_type]
	names = [phase.__name__ for phase in phases]
	reached = work.run.checkpoint.get("phase")
	behind = names[: names.index(reached)] if reached in names else []
	return [phase for phase in phases if phase.__name__ in REPEATED or phase.__name__ not in behind]


def cursor_after(work: Work) -> date | None:
	"""Where the cursor stands after a run that came to its end. It never goes back."""
	moves = work.run.order.sync_type in ("incremental", "full") and work.complete
	return max(filter(None, (work.source.cursor, work.until))) if moves else work.source.cursor


def _mark(work: Work, phase: str) -> Mark:
	return {"phase": phase, "until": work.until.isoformat(), "torn": not work.complete}


def _history_start(work: Work) -> date:
	return work.run.order.since_date or work.source.history_start


def _names(work: Work, records: list[RawRecord]) -> set[str]:
	names = set()
	for record in records:
		try:
			names.add(stay_name(work.source.name, split_casefile(record.get("casefile_id"))[0]))
		except RecordError:
			continue
	return names
