"""One run at work: what every phase needs. A page is taken and committed together with where to go on from."""

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta, timezone
from typing import Any

from pymysql.constants import ER
from rq.timeouts import BaseTimeoutException

import frappe

from orchestrator.sync.ahead import Patience, giving_way, read_ahead
from orchestrator.sync.applier import Applier
from orchestrator.sync.connection import Source
from orchestrator.sync.errors import AccessDeniedError, RouteDisabledError
from orchestrator.sync.incoming import Seeing, see_all
from orchestrator.sync.issues import Issues
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.pages import Page, ReadTally
from orchestrator.sync.kipu.records import RecordError
from orchestrator.sync.load import DatabaseStore
from orchestrator.sync.runs import Run
from orchestrator.sync.store import DryStore, Store, count_here, count_in_care
from orchestrator.sync.tally import Outcomes, Relisted

# A read that came out torn is repeated so many times: records move while they are read.
READS = 3
PAGE_ATTEMPTS = 3
LIKELY_LIMITS = (25, 50, 100)  # of a server that does not tell
TRANSIENT_DATABASE = (frappe.QueryDeadlockError, frappe.QueryTimeoutError)
SAVEPOINT = "orchestrator_sync_work"
PROGRESS_EVENT = "orchestrator_sync_progress"
PROGRESS_SECONDS = 1.0

Watch = Callable[[Run], None]
Mark = dict[str, Any]


class ApprovalRequiredError(Exception):
	"""The run would take more people out of care than its limit, or blank a `field` in more records. Somebody has to
	approve it."""

	def __init__(self, count: int, limit: int, field: str = "") -> None:
		super().__init__(count, limit, field)
		self.count = count
		self.limit = limit
		self.field = field


class Work:
	"""A run with its source, its client and its store."""

	def __init__(
		self, run: Run, source: Source, client: KipuClient, patience: Patience, watch: Watch | None = None
	) -> None:
		self.run = run
		self.source = source
		self.client = client
		self.patience = patience
		# Whether records are likely to be new, as those before them were: then they are read before that is certain.
		self._eager = False
		self.store: Store = (
			DryStore(source, run.name) if run.order.dry_run else DatabaseStore(source, run.name)
		)
		# Turns false when a read could not be trusted: then the cursor stays where it is.
		self.complete = not run.checkpoint.get("torn")
		# The day up to which this run reads, in UTC; a resumed run keeps to what it began with.
		kept = run.checkpoint.get("until")
		self.until = date.fromisoformat(kept) if kept else datetime.now(timezone.utc).date()
		# True once the remote has answered: a refusal after that concerns the route, not the keys.
		self.answered = False
		self._watch = watch
		self._shown_at = 0.0
		run.in_care_before = count_in_care(source.name)
		self.limit = source.mass_change_limit(run.in_care_before)
		# Stays that are deleted here though Kipu lists them: the vault tells whether they are back.
		self.relisted: dict[str, Relisted] = {}
		self._secured = False
		self._blank_limits: dict[str, int] = {}
		self.renew()

	@property
	def dry_run(self) -> bool:
		"""True if nothing is to be written."""
		return self.run.order.dry_run

	def renew(self) -> None:
		"""Forget what was assumed of the database: it was rolled back."""
		self.issues = Issues(self.source.name, None if self.dry_run else self.run.name)
		self.applier = Applier(self.run, self.source, self.store, self.issues, self.secure)

	def take(self, work: Callable[[], Outcomes], mark: Mark) -> None:
		"""Do a page's work and commit it with its mark. Repeated if the database gave it up. Raises ApprovalRequiredError."""
		for attempt in range(1, PAGE_ATTEMPTS + 1):
			places = dict(self.source.places), self.source.default_facility
			self._secured = False
			drift = {kind: list(fields) for kind, fields in self.run.drift.items()}
			try:
				outcomes = work()
				self._verify()
			except TRANSIENT_DATABASE:
				roll_back()
				self.source.places, self.source.default_facility = places
				self.run.drift = drift
				self.renew()
				if attempt == PAGE_ATTEMPTS:
					raise
				continue
			self.check_departures(outcomes.deactivated)
			self.check_blanked(outcomes.blanked_fields)
			told = self.run.tally.told()
			self.run.tally.take(outcomes)
			try:
				self.run.commit(mark)
			except BaseException:
				self.run.tally.put_back(told)  # the page was not kept
				raise
			self.relisted.update(outcomes.relisted)
			self.show()
			return

	def secure(self) -> None:
		"""To be called before the first write of a page, and after the last wait for Kipu."""
		if not self._secured and not self.dry_run:
			frappe.db.savepoint(SAVEPOINT)
			self._secured = True

	def _verify(self) -> None:
		"""Raise QueryDeadlockError if the database has given the page's work up, and a hook of somebody's kept that from
		us: what came before it would be lost in silence."""
		if not self._secured:
			return
		try:
			frappe.db.release_savepoint(SAVEPOINT)
		except frappe.db.OperationalError as error:
			if error.args[0] != ER.SP_DOES_NOT_EXIST:
				raise
			lost = frappe.QueryDeadlockError()
		else:
			return
		raise lost

	def check_blanked(self, blanked: Counter[str]) -> None:
		"""Raise ApprovalRequiredError if with these the run takes a field's value from more records than its limit: of all it found here."""
		for field, more in blanked.items():
			count = self.run.tally.blanked_fields[field] + more
			if count > self.source.mass_change_minimum and not self.run.approved:
				limit = self._blank_limit(field.partition(".")[0])
				if count > limit:
					raise ApprovalRequiredError(count, limit, field)

	def _blank_limit(self, doctype: str) -> int:
		if doctype not in self._blank_limits:
			here = count_here(self.source.name, doctype, self.run.started_at)
			self._blank_limits[doctype] = self.source.mass_change_limit(here)
		return self._blank_limits[doctype]

	def check_departures(self, deactivated: int) -> None:
		"""Raise ApprovalRequiredError if with these the run goes beyond its limit."""
		total = self.run.tally.deactivated + deactivated
		if deactivated and total > self.limit and not self.run.approved:
			raise ApprovalRequiredError(total, self.limit)

	def read(self, fetch: Callable[[int], Iterator[Page]], mark: Mark) -> bool:
		"""Take all pages of a read, from where an earlier run stopped; again if it came out torn. True if complete."""
		for attempt in range(READS):
			resumed = self.run.checkpoint if attempt == 0 and is_same(self.run.checkpoint, mark) else {}
			if self._read_once(fetch, mark, resumed):
				return True
		self.run.note(f"{mark['phase']}: records moved while they were read; the next run reads them again")
		return False

	def _read_once(self, fetch: Callable[[int], Iterator[Page]], mark: Mark, resumed: Mark) -> bool:
		with self.pages(fetch(resumed.get("page", 1))) as pages:
			return self._take_all(pages, mark, resumed)

	@contextmanager
	def pages(self, pages: Iterator[Page]) -> Iterator[Iterator[tuple[Page, Seeing]]]:
		"""Pages with what is seen in them, each fetched while the one before is taken."""
		with read_ahead(map(self._look_at, pages), self.patience) as seen:
			yield seen

	def _look_at(self, page: Page) -> tuple[Page, Seeing]:
		"""In the thread that reads ahead."""
		seeing = see_all(giving_way(page.records), self.source)
		at = datetime.now(timezone.utc)
		for each in giving_way(seeing.seen if self._eager else ()):
			with suppress(RecordError):  # told when the record is taken
				each.read(self.source, at)
		return page, seeing

	def _take_all(self, pages: Iterator[tuple[Page, Seeing]], mark: Mark, resumed: Mark) -> bool:
		tally, base = ReadTally(), 0
		for page, seeing in pages:
			self.answered = True
			if resumed and page.number == resumed["page"]:
				if digest(page) != resumed["anchor"]:
					return False  # records have moved since: begin anew
				base, tally.totals = resumed["records"], {page.total_records}
				continue
			tally.observe(page)
			self.count(page)
			progress = {"page": page.number, "records": base + tally.records, "anchor": digest(page)}
			self.take_page(page, seeing, {**mark, **progress})
			if not page.paginated:
				return self._trusts_one(page, mark)
		return tally.totals == {base + tally.records} and tally.distinct == tally.records

	def take_page(self, page: Page, seeing: Seeing, mark: Mark) -> None:
		"""Take the records of a page."""
		imported = self.run.tally.imported
		self.take(lambda: self.applier.apply(page.records, seeing), mark)
		self._eager = self.run.tally.imported - imported > len(page.records) // 2

	def count(self, page: Page) -> None:
		"""Count a page that was read."""
		self.run.tally.pages += 1
		self.run.tally.records_read += len(page.records)

	def _trusts_one(self, page: Page, mark: Mark) -> bool:
		"""A page without pagination is the whole answer, unless it is exactly as long as a page may be."""
		self.run.note(f"{mark['phase']}: the reply has no pagination, so it counts as one page")
		return len(page.records) not in (self.source.page_size, *LIKELY_LIMITS)

	def optional(self, route: str, work: Callable[[], None], *, essential: bool = False) -> bool:
		"""Do what needs a route that may be switched off for the instance, or closed to these keys. True if it was open.

		An `essential` one that is closed to the keys ends the run."""
		try:
			work()
		except RouteDisabledError:
			code = "disabled"
		except AccessDeniedError:
			if essential or not self.answered:
				raise
			code = "refused"
		else:
			self.issues.reopened(route)
			return True
		self.run.note(f"{route}: {code}; the run continued without it")
		self.issues.raise_("Route", code, field=route)
		return False

	def show(self, force: bool = False) -> None:
		"""Tell Desk and whoever watches how far it is."""
		if not force and time.monotonic() - self._shown_at < PROGRESS_SECONDS:
			return
		self._shown_at = time.monotonic()
		run = self.run
		message = {
			"run": run.name, "phase": run.checkpoint.get("phase"), "pages": run.tally.pages,
			"imported": run.tally.imported, "updated": run.tally.updated, "skipped": run.tally.skipped,
			"failed": run.tally.failed,
		}  # fmt: skip
		try:
			frappe.publish_realtime(PROGRESS_EVENT, message, doctype="Sync Run", docname=run.name)
		except BaseTimeoutException:
			raise  # a job's time is over
		except Exception:  # noqa: S110 - nobody's sync stops because nobody can watch it
			pass
		if self._watch:
			self._watch(run)


def digest(page: Page) -> str:
	"""Which records a page holds."""
	ids = sorted(str(record.get("casefile_id")) for record in page.records)
	return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]


def is_same(checkpoint: Mapping[str, Any], mark: Mark) -> bool:
	"""True if a checkpoint is of the very read that `mark` names."""
	return "page" in checkpoint and all(checkpoint.get(name) == value for name, value in mark.items())


def roll_back() -> None:
	"""Give up the page's work, and what waits for its commit."""
	frappe.db.rollback()
	# Frappe sends these after the commit of whatever comes next otherwise.
	frappe.local._webhook_queue = []


def day_after(day: date) -> date:
	"""The next day."""
	return day + timedelta(days=1)
