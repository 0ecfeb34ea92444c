"""Canaries in every field of every record and in the keys: whatever the sync does and whatever happens to it, they are in
the clients and stays and nowhere else. Looked for in log files, Error Log, rows of runs and issues, notifications, job
arguments, live updates, addresses, output, and in what the calls answer."""

import importlib
import io
import json
import logging
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

import frappe
from frappe.utils.background_jobs import execute_job, get_redis_conn, get_redis_connection_without_auth

from orchestrator.kipu_simulator.faults import KINDS, Fault
from orchestrator.kipu_simulator.render import build_casefile_id
from orchestrator.kipu_simulator.server import Handler, Simulator
from orchestrator.kipu_simulator.signatures import Keys
from orchestrator.sync.kipu.fields import FIELDS
from orchestrator.sync.merge import fingerprints
from orchestrator.sync.runs import run_queue, run_records
from orchestrator.sync.runs.run_records import RunRequest
from tests.support import factories
from tests.support.kipu_site import make_connection, run_sync, set_loopback_allowed

CANARY = "canaryqx7"
SSN = "ssncanaryqx8"
BORN = "1931-07-19"
KEYS = Keys(f"{CANARY}-access", f"{CANARY}-secret", f"{CANARY}-app")
DATES = frozenset(name for name, kind in FIELDS.items() if kind in ("day", "moment", "stamp"))
PEOPLE = 12
# Tables that may contain a client's data: the records, their Sync States, Sync Changes, and their timeline.
HOLDERS = ("Client", "Client Stay", "Sync State", "Sync Change", "Version")
TOLD = ("Sync Run", "Sync Issue", "Kipu Connection", "Notification Log", "Error Log", "Facility", "Comment")


def build_canary_record(name: str) -> object:
	"""Return a value of a field that may hold text."""
	if name == "patient_contacts":
		return [{"full_name": CANARY, "phone": CANARY}]
	if name == "insurances":
		return [{"insurance_company": CANARY, "subscriber_ssn": SSN}]
	return [CANARY] if name in ("patient_tags", "diagnosis_codes") else f"{CANARY} {name}"


@pytest.fixture(scope="module")
def kipu() -> Iterator[Simulator]:
	with Simulator(PEOPLE, keys=KEYS) as running, set_loopback_allowed():
		# Facilities are not secret: every field except these two has a canary.
		names = FIELDS.keys() - DATES - {"location_id", "location_name"}
		for stay in range(len(running.world)):
			for name in names:
				running.world.set_field(stay, name, build_canary_record(name), touch=False)
			running.world.set_field(stay, "dob", BORN, touch=False)
			running.world.set_field(stay, "ssn", SSN, touch=False)
			running.world.set_field(stay, "unheard_of", CANARY)
		yield running


class Witness:
	"""Everything that leaves the sync in the meantime, as text, by where it was seen."""

	def __init__(self) -> None:
		self.seen: dict[str, list[str]] = {}
		self.connection = ""
		self.log_sizes = {path: path.stat().st_size for path in log_files()}
		self.rows_before = {doctype: names_of(doctype) for doctype in TOLD}
		self.subscription = get_redis_connection_without_auth().pubsub(ignore_subscribe_messages=True)
		self.subscription.subscribe("events")

	def saw(self, where: str, text: object) -> None:
		"""Record a text."""
		self.seen.setdefault(where, []).append(str(text))

	def look(self) -> None:
		"""Collect everything written since the beginning."""
		while message := self.subscription.get_message(timeout=0.05):
			self.saw("live updates", message["data"])
		for path in log_files():
			with path.open("rb") as file:
				file.seek(self.log_sizes.get(path, 0))
				self.saw("log files", file.read())
		for key in get_redis_conn().scan_iter("*rq:job*"):
			self.saw("job arguments", job_text(key))
		frappe.db.rollback()
		for doctype, before in self.rows_before.items():
			for row in frappe.get_all(doctype, {"name": ("not in", before or [""])}, ["*"]):
				self.saw(f"rows of {doctype}", json.dumps(row, default=str))


def log_files() -> list[Path]:
	here = Path(frappe.local.sites_path)
	return [
		*here.joinpath(frappe.local.site, "logs").glob("*.log*"),
		*here.parent.joinpath("logs").glob("*.log*"),
	]


def names_of(doctype: str) -> list[str]:
	return frappe.get_all(doctype, pluck="name")


def job_text(key: bytes) -> str:
	values = get_redis_conn().hgetall(key) if get_redis_conn().type(key) == b"hash" else {}
	with suppress(zlib.error):
		values[b"data"] = zlib.decompress(values.get(b"data", b""))
	return repr(values)


@pytest.fixture(scope="module")
def witness(frappe_site, kipu) -> Iterator[Witness]:
	"""Yield everything that left the sync while all of it happened: each fault, each kind of refusal, broken
	records, a bug, the calls.
	"""
	frappe.set_user("Administrator")
	seen = Witness()
	records, root = Records(seen), logging.getLogger()
	root.addHandler(records)
	level = root.level
	root.setLevel(logging.INFO)
	logging.getLogger("orchestrator").info("watched")
	output = io.StringIO()
	handled = Handler.do_GET
	Handler.do_GET = lambda handler: seen.saw("addresses", without_app_id(handler.path)) or handled(handler)
	try:
		with redirect_stdout(output), redirect_stderr(output):
			sys.stdout.write("watched")
			Happenings(kipu, seen).all()
		seen.saw("output", output.getvalue())
		seen.look()
	finally:
		Handler.do_GET = handled
		root.removeHandler(records)
		root.setLevel(level)
	yield seen


class Records(logging.Handler):
	"""What Python's logging is given, whoever writes it where. urllib3's own lines, which an application that turns DEBUG
	on for everything would get, hold addresses and are not ours."""

	def __init__(self, seen: Witness) -> None:
		super().__init__(logging.INFO)
		self.witness = seen

	def emit(self, record: logging.LogRecord) -> None:
		self.witness.saw("log records", record.getMessage())


def without_app_id(path: str) -> str:
	"""Return the URL without the app ID, which Kipu requires there."""
	parts = urlsplit(path)
	return f"{parts.path} {[pair for pair in parse_qsl(parts.query) if pair[0] != 'app_id']}"


# Places of a bug: the module, the failing function, whether only in the thread, and the resulting status.
BUGS = (
	("sync.merge.fingerprints", "compute_fingerprint", True, "Failed"),
	("sync.merge.fingerprints", "parse_record", True, "Failed"),
	("sync.merge.fingerprints", "map_record", False, "Failed"),
	("sync.kipu.records", "clean_instant", True, "Failed"),
	("sync.kipu.pages", "get_records", True, "Failed"),
	("sync.storage.bulk_insert", "bulk_write", False, "Completed"),
	("sync.storage.bulk_insert", "_build_row", False, "Completed"),
	("rows", "_execute", False, "Failed"),
)


@contextmanager
def broken(where: object, name: str, apart: bool, words: str = CANARY) -> Iterator[list[bool]]:
	"""Let a function raise an error with its arguments in the message; with `apart`, only in another thread."""
	raised: list[bool] = []
	intact = getattr(where, name)

	def failing(*args: object, **named: object) -> object:
		if apart and threading.current_thread() is threading.main_thread():
			return intact(*args, **named)
		raised.append(True)
		raise ValueError(f"{words} in {args!r}")

	setattr(where, name, failing)
	try:
		yield raised
	finally:
		setattr(where, name, intact)


class Happenings:
	"""Everything that may happen to a run."""

	def __init__(self, kipu: Simulator, seen: Witness) -> None:
		self.kipu = kipu
		self.witness = seen
		self.threads = threading.active_count()
		self.connection = make_connection(
			kipu, history_start="2024-01-01", field_rules=[{"source": "email", "policy": "review"}]
		)
		seen.connection = self.connection

	def all(self) -> None:
		"""Run all, one after the other."""
		self.run("full", dry_run=True)
		self.run("full")
		self.faults()
		self.changes()
		self.refusals()
		self.broken_records()
		self.bug()
		self.bugs_everywhere()
		self.bug_and_no_way_to_tell()
		self.broken_listener()
		self.calls()

	def run(self, sync_type: str = "incremental", connection: str | None = None, **values: object) -> dict:
		told = run_sync(connection or self.connection, sync_type, **values)
		self.witness.saw("what calls answer", told)
		return told

	def faults(self) -> None:
		"""Run with each fault, for the whole of a run that reads its pages."""
		for kind in KINDS:
			self.kipu.world.set_field(0, "address_city", f"{CANARY} {kind}")
			self.kipu.faults.add(Fault(kind, times=None, value=0.01, status=503))
			self.run()
			self.kipu.faults.clear()
		for status in (400, 401, 403, 404, 410, 422):
			self.kipu.faults.add(Fault("status", times=None, status=status))
			self.run()
			self.kipu.faults.clear()
			frappe.db.set_value("Kipu Connection", self.connection, "status", "Active")

	def changes(self) -> None:
		"""Change a field on both sides; discharge, delete and readmit people."""
		name = frappe.get_all("Client", {"connection": self.connection}, pluck="name")[0]
		frappe.get_doc("Client", name).update({"email": f"{CANARY} here"}).save()
		for stay in range(len(self.kipu.world)):
			self.kipu.world.set_field(stay, "email", f"{CANARY} there")
		self.kipu.world.delete(1)
		self.kipu.world.discharge(2, self.kipu.world.get_today() - 1)
		self.kipu.world.give_chart_away(3, person=4)
		self.run()

	def refusals(self) -> None:
		"""Run with wrong credentials."""
		for name in ("access_id", "secret_key", "app_id"):
			wrong = make_connection(self.kipu, **{name: f"{CANARY} wrong"})
			self.run(connection=wrong)
			self.test(wrong)

	def broken_records(self) -> None:
		"""Run with unreadable fields, and one that is too long."""
		self.kipu.world.set_field(5, "dob", f"{CANARY} dob")
		self.kipu.world.set_field(6, "last_name", CANARY * 30)
		self.kipu.world.set_field(7, "phone", {CANARY: CANARY})
		self.kipu.world.set_field(8, "casefile_id", CANARY)
		assert self.run()["failed"] == 4
		from orchestrator.sync.actions import run_actions

		self.witness.saw("what calls answer", run_actions.retry_issues(self.connection, None))

	def bug(self) -> None:
		"""Raise an error of this app whose message has a value, in a frame with records."""
		from orchestrator.sync.runs import applier

		def broken(raws: object, *_: object) -> None:
			raise ValueError(f"{CANARY} in {raws!r}")

		decide, applier.merge_records = applier.merge_records, broken
		self.kipu.world.set_field(0, "address_city", f"{CANARY} moved")
		try:
			assert self.run()["error"]["class"] == "ValueError"
		finally:
			applier.merge_records = decide

	def bugs_everywhere(self) -> None:
		"""Raise the same below every step of an import: in the prefetching thread, in the rows, in the
		driver.
		"""
		for module, name, apart, status in BUGS:
			connection = make_connection(self.kipu, page_size=4, left_out_names="Nobody")
			with broken(importlib.import_module(f"orchestrator.{module}"), name, apart) as raised:
				told = self.run(connection=connection)
			assert (told["status"], bool(raised)) == (status, True), (module, name, told)
		assert threading.active_count() == self.threads

	def bug_and_no_way_to_tell(self) -> None:
		"""Fail in a job whose run cannot even be ended. Frappe logs errors of a job with all local variables."""
		connection = make_connection(self.kipu)
		queued = run_queue.queue_run(RunRequest(connection, "incremental"))
		with (
			broken(fingerprints, "compute_fingerprint", False),
			broken(run_records.Run, "finish_run", False, words="no way"),
			suppress(ValueError),
		):
			job = "orchestrator.sync.jobs.run_queued"
			execute_job(frappe.local.site, job, None, "x", {"run": queued}, is_async=False)
		assert frappe.db.exists("Error Log", {"error": ("like", "%no way%")})
		frappe.db.set_value("Sync Run", queued, "status", "Interrupted")

	def broken_listener(self) -> None:
		"""Let a site's hook fail with a value in its message."""
		from orchestrator.orchestrator.doctype.client.client import Client

		def broken(client: Client) -> None:
			raise frappe.ValidationError(f"{client.last_name} is {CANARY}")

		validate, Client.validate = Client.validate, broken
		self.kipu.world.set_field(10, "address_city", f"{CANARY} moved")
		self.kipu.world.set_field(10, "first_name", f"{CANARY} moved")
		try:
			assert "ValidationError" in {error["code"] for error in self.run()["errors"]}
		finally:
			Client.validate = validate

	def calls(self) -> None:
		"""Queue a job, and send the calls beside runs. The caller's roles decide whether a preview shows
		values.
		"""
		from orchestrator.sync.actions import run_actions, run_requests
		from orchestrator.sync.runs.run_records import RunRequest
		from orchestrator.sync.tools import mapping_preview

		queued = run_requests.enqueue_request(RunRequest(self.connection, "incremental"))
		frappe.db.commit()
		self.witness.look()
		run_actions.cancel_run(queued["run"])
		frappe.db.commit()
		self.test(self.connection)
		user = factories.make_user("Kipu Sync Manager").name
		frappe.set_user(user)
		try:
			mapping_preview.build_preview(self.connection, build_casefile_id(self.kipu.world, 9))
		except frappe.DoesNotExistError as error:
			self.witness.saw("what calls answer", error)
		finally:
			frappe.set_user("Administrator")

	def test(self, connection: str) -> None:
		from orchestrator.sync.tools import connection_test

		self.witness.saw("what calls answer", connection_test.run_connection_test_by_name(connection))


SINKS = (
	"what calls answer", "addresses", "live updates", "log files", "log records", "job arguments", "output", "rows of Sync Run",
	"rows of Sync Issue", "rows of Kipu Connection", "rows of Notification Log", "rows of Error Log",
	"rows of Facility",
)  # fmt: skip


@pytest.mark.parametrize("sink", SINKS)
def test_nothing_of_a_record_or_a_key_is_in(witness, sink):
	texts = witness.seen[sink]
	assert texts
	for text in texts:
		for private in (CANARY, SSN, BORN):
			assert private not in text, text[max(0, text.find(private) - 300) :][:600]


def test_logs_and_caches_contain_no_record_or_key(witness):
	assert witness.seen.keys() <= {*SINKS, "rows of Comment"}
	for texts in witness.seen.values():
		assert CANARY not in "".join(texts)


def test_the_canaries_sing_where_they_belong(witness, kipu):
	"""Without this, the other tests would prove nothing."""
	of = {"connection": witness.connection, "last_name": f"{CANARY} last_name"}
	clients = frappe.get_all("Client", of, ["email", "date_of_birth"])
	assert len(clients) >= PEOPLE - 1
	assert {str(client.date_of_birth) for client in clients} >= {BORN}
	assert f"{CANARY} there" in {client.email for client in clients}


@pytest.mark.parametrize("doctype", HOLDERS)
def test_no_social_security_number_is_anywhere(witness, doctype):
	rows = frappe.db.sql(f"select * from `tab{doctype}`", as_dict=True)  # noqa: S608
	assert rows
	assert SSN not in json.dumps(rows, default=str)
