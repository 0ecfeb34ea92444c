"""The context that every phase of a run needs. A page is committed together with its checkpoint."""

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

from orchestrator.doctypes import SYNC_RUN
from orchestrator.sync.connection import Source
from orchestrator.sync.errors import AccessDeniedError, RouteDisabledError
from orchestrator.sync.kipu.client import KipuClient
from orchestrator.sync.kipu.pages import Page, ReadCounts
from orchestrator.sync.kipu.records import RecordError
from orchestrator.sync.merge.fingerprints import FingerprintedPage, fingerprint_page
from orchestrator.sync.runs.applier import Applier
from orchestrator.sync.runs.counts import PageOutcomes, Relisted
from orchestrator.sync.runs.issues import IssueTracker
from orchestrator.sync.runs.prefetch import HeartbeatSleep, prefetch_items, yield_to_main_thread
from orchestrator.sync.runs.run_records import Run
from orchestrator.sync.storage.store import DryRunStore, Store, count_existing, count_in_care
from orchestrator.sync.storage.writer import DatabaseStore

# How often an inconsistent read is repeated: records move between pages while they are read.
MAX_READS = 3
MAX_PAGE_ATTEMPTS = 3
LIKELY_PAGE_SIZES = (25, 50, 100)  # if the server does not report it
TRANSIENT_DATABASE_ERRORS = (frappe.QueryDeadlockError, frappe.QueryTimeoutError)
SAVEPOINT = "orchestrator_sync_work"
PROGRESS_EVENT = "orchestrator_sync_progress"
PROGRESS_INTERVAL_SECONDS = 1.0

ProgressCallback = Callable[[Run], None]
Checkpoint = dict[str, Any]


class ApprovalRequiredError(Exception):
	"""The run would discharge more people than its limit, or empty a `field` in more records. Somebody has to
	approve it.
	"""

	def __init__(self, count: int, limit: int, field: str = "") -> None:
		super().__init__(count, limit, field)
		self.count = count
		self.limit = limit
		self.field = field


class RunContext:
	"""A run with its source, its client and its store."""

	def __init__(
		self,
		run: Run,
		source: Source,
		client: KipuClient,
		patience: HeartbeatSleep,
		watch: ProgressCallback | None = None,
	) -> None:
		self.run = run
		self.source = source
		self.client = client
		self.patience = patience
		# True while records are likely to be new, as the previous ones were: then they are parsed in advance.
		self._parse_early = False
		self.store: Store = (
			DryRunStore(source, run.name) if run.request.dry_run else DatabaseStore(source, run.name)
		)
		# False after an inconsistent read: then the cursor is not moved.
		self.complete = not run.checkpoint.get("torn")
		# The last day of this run, in UTC; a resumed run keeps its first value.
		stored_until = run.checkpoint.get("until")
		self.until = date.fromisoformat(stored_until) if stored_until else datetime.now(timezone.utc).date()
		# True once the remote has accepted a request: a later refusal concerns the route, not the credentials.
		self.answered = False
		self._progress_callback = watch
		self._shown_at = 0.0
		run.in_care_before = count_in_care(source.name)
		self.limit = source.compute_mass_change_limit(run.in_care_before)
		# Deleted stays that Kipu lists: the vault decides whether they are restored.
		self.relisted: dict[str, Relisted] = {}
		self._has_savepoint = False
		self._blank_limits: dict[str, int] = {}
		self.reset()

	@property
	def dry_run(self) -> bool:
		"""True if nothing may be written."""
		return self.run.request.dry_run

	def reset(self) -> None:
		"""Reset the cached state of the database, after a rollback."""
		self.issues = IssueTracker(self.source.name, None if self.dry_run else self.run.name)
		self.applier = Applier(self.run, self.source, self.store, self.issues, self.open_savepoint)

	def run_in_transaction(self, step: Callable[[], PageOutcomes], checkpoint: Checkpoint) -> None:
		"""Run a step and commit it with its checkpoint.

		Repeated after a deadlock. Raises ApprovalRequiredError.
		"""
		for attempt in range(1, MAX_PAGE_ATTEMPTS + 1):
			facilities = dict(self.source.facilities_by_location), self.source.default_facility
			self._has_savepoint = False
			drift = {kind: list(fields) for kind, fields in self.run.drift.items()}
			try:
				outcomes = step()
				self._release_savepoint()
			except TRANSIENT_DATABASE_ERRORS:
				roll_back_page()
				self.source.facilities_by_location, self.source.default_facility = facilities
				self.run.drift = drift
				self.reset()
				if attempt == MAX_PAGE_ATTEMPTS:
					raise
				continue
			self.check_deactivations(outcomes.deactivated)
			self.check_blanked_fields(outcomes.blanked_fields)
			counts_before = self.run.tally.to_snapshot()
			self.run.tally.add_outcomes(outcomes)
			try:
				self.run.commit(checkpoint)
			except BaseException:
				self.run.tally.restore(counts_before)  # the page was not committed
				raise
			self.relisted.update(outcomes.relisted)
			self.publish_progress()
			return

	def open_savepoint(self) -> None:
		"""Open the page's savepoint: after the last wait for Kipu and before the first write."""
		if not self._has_savepoint and not self.dry_run:
			frappe.db.savepoint(SAVEPOINT)
			self._has_savepoint = True

	def _release_savepoint(self) -> None:
		"""Raise QueryDeadlockError if the database rolled the page back and a hook suppressed the error.

		Otherwise the writes before it would be lost silently.
		"""
		if not self._has_savepoint:
			return
		try:
			frappe.db.release_savepoint(SAVEPOINT)
		except frappe.db.OperationalError as error:
			if error.args[0] != ER.SP_DOES_NOT_EXIST:
				raise
			deadlock = frappe.QueryDeadlockError()
		else:
			return
		raise deadlock

	def check_blanked_fields(self, blanked: Counter[str]) -> None:
		"""Raise ApprovalRequiredError if the run would empty a field in more of the existing records than its
		limit.
		"""
		for field, more in blanked.items():
			count = self.run.tally.blanked_fields[field] + more
			if count > self.source.mass_change_minimum and not self.run.approved:
				limit = self._compute_blank_limit(field.partition(".")[0])
				if count > limit:
					raise ApprovalRequiredError(count, limit, field)

	def _compute_blank_limit(self, doctype: str) -> int:
		if doctype not in self._blank_limits:
			existing = count_existing(self.source.name, doctype, self.run.started_at)
			self._blank_limits[doctype] = self.source.compute_mass_change_limit(existing)
		return self._blank_limits[doctype]

	def check_deactivations(self, deactivated: int) -> None:
		"""Raise ApprovalRequiredError if the run would deactivate more records than its limit."""
		total = self.run.tally.deactivated + deactivated
		if deactivated and total > self.limit and not self.run.approved:
			raise ApprovalRequiredError(total, self.limit)

	def read_pages(self, fetch: Callable[[int], Iterator[Page]], checkpoint: Checkpoint) -> bool:
		"""Process all pages of a read, from the checkpoint; read again if the result is inconsistent.

		Return True if complete.
		"""
		for attempt in range(MAX_READS):
			resumed = (
				self.run.checkpoint if attempt == 0 and _is_same_read(self.run.checkpoint, checkpoint) else {}
			)
			if self._try_read(fetch, checkpoint, resumed):
				return True
		self.run.add_note(
			f"{checkpoint['phase']}: records moved while they were read; the next run reads them again"
		)
		return False

	def _try_read(
		self, fetch: Callable[[int], Iterator[Page]], checkpoint: Checkpoint, resumed: Checkpoint
	) -> bool:
		with self.prefetch_pages(fetch(resumed.get("page", 1))) as pages:
			return self._apply_pages(pages, checkpoint, resumed)

	@contextmanager
	def prefetch_pages(self, pages: Iterator[Page]) -> Iterator[Iterator[tuple[Page, FingerprintedPage]]]:
		"""Yield pages with their fingerprints, each fetched while the page before it is processed."""
		with prefetch_items(map(self._fingerprint, pages), self.patience) as seen:
			yield seen

	def _fingerprint(self, page: Page) -> tuple[Page, FingerprintedPage]:
		"""Compute the fingerprints of a page, in the prefetching thread."""
		seeing = fingerprint_page(yield_to_main_thread(page.records), self.source)
		at = datetime.now(timezone.utc)
		for each in yield_to_main_thread(seeing.records if self._parse_early else ()):
			with suppress(RecordError):  # known when the record is parsed
				each.parse(self.source, at)
		return page, seeing

	def _apply_pages(
		self, pages: Iterator[tuple[Page, FingerprintedPage]], checkpoint: Checkpoint, resumed: Checkpoint
	) -> bool:
		tally, base = ReadCounts(), 0
		for page, seeing in pages:
			self.answered = True
			if resumed and page.number == resumed["page"]:
				if _compute_page_digest(page) != resumed["anchor"]:
					return False  # records have moved since: start again
				base, tally.totals = resumed["records"], {page.total_records}
				continue
			tally.add_page(page)
			self.count_page(page)
			progress = {
				"page": page.number,
				"records": base + tally.records,
				"anchor": _compute_page_digest(page),
			}
			self.apply_page(page, seeing, {**checkpoint, **progress})
			if not page.paginated:
				return self._is_complete_without_pagination(page, checkpoint)
		return tally.totals == {base + tally.records} and tally.distinct == tally.records

	def apply_page(self, page: Page, seeing: FingerprintedPage, checkpoint: Checkpoint) -> None:
		"""Import the records of a page."""
		imported = self.run.tally.imported
		self.run_in_transaction(lambda: self.applier.apply(page.records, seeing), checkpoint)
		self._parse_early = self.run.tally.imported - imported > len(page.records) // 2

	def count_page(self, page: Page) -> None:
		"""Count a page that was read."""
		self.run.tally.pages += 1
		self.run.tally.records_read += len(page.records)

	def _is_complete_without_pagination(self, page: Page, checkpoint: Checkpoint) -> bool:
		"""Return True for a page without pagination, which is the whole reply unless it is exactly as long as
		a page may be.
		"""
		self.run.add_note(f"{checkpoint['phase']}: the reply has no pagination, so it counts as one page")
		return len(page.records) not in (self.source.page_size, *LIKELY_PAGE_SIZES)

	def skip_if_route_disabled(
		self, route: str, work: Callable[[], None], *, essential: bool = False
	) -> bool:
		"""Run a step whose route may be disabled for the instance or forbidden for these credentials. Return
		True if it ran.

		An `essential` route that is forbidden for the credentials ends the run.
		"""
		try:
			work()
		except RouteDisabledError:
			code = "disabled"
		except AccessDeniedError:
			if essential or not self.answered:
				raise
			code = "refused"
		else:
			self.issues.resolve_route(route)
			return True
		self.run.add_note(f"{route}: {code}; the run continued without it")
		self.issues.create_issue("Route", code, field=route)
		return False

	def compute_history_percent(self) -> int | None:
		"""Return the share of the history that has been read, None if the present phase does not read it."""
		if "days" not in self.run.checkpoint:
			return None
		first = self.run.request.since_date or self.source.history_start
		done = (date.fromisoformat(self.run.checkpoint["start"]) - first).days
		return min(100, max(0, 100 * done // max(1, (self.until - first).days)))

	def publish_progress(self, force: bool = False) -> None:
		"""Publish the progress to Desk and to a terminal."""
		if not force and time.monotonic() - self._shown_at < PROGRESS_INTERVAL_SECONDS:
			return
		self._shown_at = time.monotonic()
		run = self.run
		message = {
			"run": run.name, "status": "Completed" if force else "Running", "phase": run.checkpoint.get("phase"),
			"percent": self.compute_history_percent(), "pages": run.tally.pages, "imported": run.tally.imported,
			"updated": run.tally.updated, "skipped": run.tally.skipped, "failed": run.tally.failed,
		}  # fmt: skip
		try:
			frappe.publish_realtime(PROGRESS_EVENT, message, doctype=SYNC_RUN, docname=run.name)
		except BaseTimeoutException:
			raise  # the job has timed out
		except Exception:  # noqa: S110 - nobody's sync stops because nobody can watch it
			pass
		if self._progress_callback:
			self._progress_callback(run)


def _compute_page_digest(page: Page) -> str:
	"""Return a digest of the records on a page."""
	ids = sorted(str(record.get("casefile_id")) for record in page.records)
	return hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]


def _is_same_read(first: Mapping[str, Any], second: Checkpoint) -> bool:
	"""Return True if a checkpoint belongs to the read that `mark` names."""
	return "page" in first and all(first.get(name) == value for name, value in second.items())


def roll_back_page() -> None:
	"""Roll back the page's work, and drop callbacks that wait for its commit."""
	frappe.db.rollback()
	# Otherwise, Frappe would run these after the next commit.
	frappe.local._webhook_queue = []


def get_next_day(day: date) -> date:
	return day + timedelta(days=1)
