"""Write the records of a chunk in one transaction: at once where saving has no other effects, otherwise one by one."""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

import frappe

from orchestrator.api import errors
from orchestrator.api.savepoints import WHOLE_CALL_ERRORS, isolate_in_savepoint
from orchestrator.api.upserts import batched_save, save_effects
from orchestrator.api.upserts.outcomes import Outcome, build_failure
from orchestrator.api.upserts.record_save import find_names, save_record
from orchestrator.api.upserts.record_values import Key, KeyedRecord, UpsertTarget, parse_record
from orchestrator.api.upserts.source_parsing import SourceRecord
from orchestrator.exceptions import InvalidRequestError

# Records that are saved one by one hold locks, such as that of a naming series, until the transaction ends.
MAX_TRANSACTION_SECONDS: Final = 1.0
# Of records that another transaction has just created, deleted or renamed
RACE_ERRORS: Final = (frappe.DuplicateEntryError, frappe.UniqueValidationError, frappe.DoesNotExistError)
# Not the fault of a record
REDIS_OUTAGES: Final = (RedisConnectionError, RedisTimeoutError)


@dataclass
class ChunkWriter:
	"""Writes records as the session's user, and collects their outcomes."""

	target: UpsertTarget
	operation: str
	stop_on_error: bool
	outcomes: list[Outcome] = field(default_factory=list)
	logged_errors: set[str] = field(default_factory=set)

	def write(self, sent: Collection[SourceRecord]) -> None:
		"""Write as many of the records as fit into a transaction, at least one unless the data is about to change."""
		parsed = self._parse_records(sent)
		records = [record for record in parsed if isinstance(record, KeyedRecord)]
		names = find_names(self.target, [record.key for record in records])
		written: set[int] = set()
		if save_effects.can_write_many(self.target.meta) and (
			len(records) == len(parsed) or not self.stop_on_error
		):
			self.outcomes = batched_save.save_batch(
				self.target, records, names, all_or_none=self.stop_on_error
			)
			written = {outcome.line for outcome in self.outcomes}
		self._write_each([record for record in parsed if record.line not in written], names)

	def _parse_records(self, sent: Collection[SourceRecord]) -> list[KeyedRecord | Outcome]:
		return [self._parse_record(record) for record in sent]

	def _parse_record(self, sent: SourceRecord) -> KeyedRecord | Outcome:
		frappe.clear_messages()
		try:
			if sent.problem:
				raise InvalidRequestError(sent.problem)
			return parse_record(self.target, sent.line, sent.values)
		except Exception as error:
			return self._build_failure(sent.line, error)

	def _write_each(self, records: Collection[KeyedRecord | Outcome], names: Mapping[str, Key]) -> None:
		"""Write records one by one, until one fails that the caller wants to stop at, or until time is up."""
		end = time.monotonic() + MAX_TRANSACTION_SECONDS
		for record in records:
			outcome = record if isinstance(record, Outcome) else self._write_record(record, names)
			if outcome is None:
				return
			self.outcomes.append(outcome)
			if (self.stop_on_error and outcome.status == "failed") or time.monotonic() > end:
				return

	def _write_record(self, record: KeyedRecord, names: Mapping[str, Key]) -> Outcome | None:
		"""Write one record. Return None if another transaction has just created or deleted it: the next one sees that."""
		name = names.get(str(record.key))
		try:
			with isolate_in_savepoint():
				return save_record(self.target, record, name)
		except (*WHOLE_CALL_ERRORS, *REDIS_OUTAGES, frappe.QueryTimeoutError):
			raise
		except Exception as error:
			if isinstance(error, RACE_ERRORS) and name != self._find_current_name(record.key):
				return None
			return self._build_failure(record.line, error)

	def _find_current_name(self, key: Key) -> Key | None:
		"""Return the name that the record with this key has now, whatever this transaction has read before."""
		return find_names(self.target, [key], for_update=True).get(str(key))

	def _build_failure(self, line: int, error: Exception) -> Outcome:
		"""Return the outcome of a refused record. Of unexpected errors, the first of each class is logged."""
		is_unexpected = errors.get_status(error) == errors.UNEXPECTED_STATUS
		if is_unexpected and type(error).__name__ not in self.logged_errors:
			self.logged_errors.add(type(error).__name__)
			errors.create_error_log(error, "upsert", self.operation)
		return build_failure(line, errors.build_error_reply(error, self.operation))
