"""The sweep, in a separate process: `python -m tests.security.sweep portal,desk report.json`.

It plants, calls and reports; nothing of it is committed. The callers share one planted world.
"""

import json
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import frappe
import frappe.app

from orchestrator import compat
from tests.security import attacks, file_attacks, functions, guesses, routes
from tests.security.arguments import Arguments, as_text
from tests.security.attack import ATTACKS, Send
from tests.security.caller import Caller
from tests.security.callers import create_callers
from tests.security.disclosures import count_logged, find_undisclosed, find_unlogged
from tests.security.dispatch import Dispatcher, Reply, Request
from tests.security.isolation import Ground
from tests.security.leaks import Leak, find_leaks, is_permitted
from tests.security.planting import World, plant
from tests.security.recipients import RECIPIENT
from tests.security.registry import Method, find_methods
from tests.security.report import is_reached, is_refused_by_name
from tests.support.processes import offset_database

# Cached values of records that are never committed must not be in a shared cache
OWN_REDIS_DATABASE = 8
# If these do not reach a function's own code, no other record's name does
CALLS_BEFORE_GIVING_UP = 2
OK = 200
ATTACK_MODULES = (attacks, file_attacks)
PARTS = ("functions", "routes", "guesses", "attacks", "rooms")


@dataclass
class Report:
	"""The actions and findings of a sweep."""

	users: list[str] = field(default_factory=list)
	methods: int = 0
	calls: int = 0
	reached: int = 0
	seconds: float = 0
	statuses: Counter[int] = field(default_factory=Counter)
	unreached: set[str] = field(default_factory=set)
	stopped: Counter[str] = field(default_factory=Counter)
	leaks: list[Leak] = field(default_factory=list)
	unlogged: list[str] = field(default_factory=list)
	logged: int = 0
	# Of a recipient outside: what is wrong with disclosures, and how many there are by the record's DocType
	undisclosed: list[str] = field(default_factory=list)
	disclosed: Counter[str] = field(default_factory=Counter)
	unchanged: bool = False
	answers: bool = False

	def add(self, reply: Reply) -> None:
		"""Count one call."""
		self.calls += 1
		self.statuses[reply.status] += 1
		if is_reached(reply):
			self.reached += 1
		else:
			self.stopped[f"{reply.request.method} {' '.join(reply.error)[:160]}"] += 1


@dataclass
class Sweep:
	"""The planted records and the calls on them."""

	dispatcher: Dispatcher
	world: World
	arguments: Arguments
	methods: list[Method]
	report: Report = field(default_factory=Report)
	# Methods that the scope of an API key refuses whatever the arguments are
	refused: set[str] = field(default_factory=set)

	def run(self, caller: Caller, parts: tuple[str, ...] = PARTS, only: str = "") -> None:
		"""Make every call as this caller."""
		self.report.users.append(caller.key)
		self._run_parts(caller, parts, only)
		for world in caller.worlds:
			own = replace(self, world=world, arguments=self.arguments.about(world))
			own._run_parts(caller, parts, only)

	def is_answering(self, caller: Caller) -> bool:
		"""Return True if the site still does what it is asked to: a call may have broken this process."""
		ping = Request("ping", "", "POST", "/api/method/ping", {})
		return self.dispatcher.send(caller, ping).status == OK

	def _run_parts(self, caller: Caller, parts: tuple[str, ...], only: str) -> None:
		for part in parts:
			getattr(self, part)(caller, only)

	def functions(self, caller: Caller, only: str = "") -> None:
		methods = [method for method in self.methods if re.search(only, method.path)]
		self.report.methods = max(self.report.methods, len(methods))
		for method, requests in functions.find_calls(self.arguments, methods, caller):
			if (label := f"{method.doctype or ''} {method.path}".strip()) not in self.refused:
				self._try(caller, label, requests)

	def routes(self, caller: Caller, only: str = "") -> None:
		self._send_all(caller, (r for r in routes.find_requests(self.world) if re.search(only, r.path)))

	def guesses(self, caller: Caller, only: str = "") -> None:
		for guess in guesses.find_guesses(self.world):
			if caller.may_see(guess.canary) or not re.search(only, guess.path):
				continue
			values = (guess.canary.value, guess.wrong_value)
			right, wrong = (self._send(caller, guess.request(value)) for value in values)
			if right.status == wrong.status == 200 and _without(right, values[0]) != _without(
				wrong, values[1]
			):
				found = (
					guess.verb,
					guess.canary.doctype,
					(guess.canary.place,),
					"rows that follow it",
					right.sent,
				)
				self._note(Leak(caller.key, right.request.method, *found))

	def attacks(self, caller: Caller, only: str = "") -> None:
		for name, attack in ATTACKS.items():
			if not re.search(only, name):
				continue
			with self.dispatcher.one_session():
				replies = attack(self._sender(caller, name), self.world)
			for reply in replies:
				self._judge(caller, reply)

	def rooms(self, caller: Caller, only: str = "") -> None:
		for doctype, doc in self.world.records.items():
			for method, values, place in _find_rooms(doctype, str(doc.name)):
				reply = self._send(caller, Request(method, doctype, "GET", f"/api/method/{method}", values))
				if (
					reply.status != 200
					or doctype in caller.may_read
					or is_permitted(caller.key, method, place)
				):
					continue
				self._note(Leak(caller.key, method, "GET", doctype, (place,), "rooms joined", reply.sent))

	def _try(self, caller: Caller, method: str, requests: list[Request]) -> None:
		"""Make the calls of one function; stop after enough of them failed on their arguments."""
		reached = False
		for number, request in enumerate(requests):
			if number >= CALLS_BEFORE_GIVING_UP and not reached:
				break
			reply = self._send(caller, request)
			reached |= is_reached(reply)
			if is_refused_by_name(reply):
				self.refused.add(method)
				break
		if requests and not reached:
			self.report.unreached.add(method)

	def _send_all(self, caller: Caller, requests: Iterable[Request]) -> None:
		for request in requests:
			self._send(caller, request)

	def _sender(self, caller: Caller, attack: str) -> Send:
		"""Return the function with which an attack sends its requests."""

		def send(verb: str, path: str, values: dict[str, Any], as_json: bool = False) -> Reply:
			form = values if as_json else {key: as_text(value) for key, value in values.items()}
			label = f"{attack}: {path.removeprefix('/api/method/')}"
			return self.dispatcher.send(caller, Request(label, attack, verb, path, form, as_json))

		sender = cast(Send, send)
		sender.user = caller.user
		return sender

	def _send(self, caller: Caller, request: Request) -> Reply:
		reply = self.dispatcher.send(caller, request)
		self._judge(caller, reply)
		return reply

	def _judge(self, caller: Caller, reply: Reply) -> None:
		self.report.add(reply)
		for leak in find_leaks(self.world, caller, reply):
			self._note(leak)
		self.report.logged += count_logged(reply)
		for line in find_unlogged(self.world, caller, reply):
			self.report.unlogged.append(line)
			sys.stdout.write(f"Access log: {line}\n")
		self.report.disclosed.update(row["reference_doctype"] for row in reply.disclosures)
		for line in find_undisclosed(self.world, caller, reply):
			self.report.undisclosed.append(line)
			sys.stdout.write(f"Disclosure: {line}\n")

	def _note(self, leak: Leak) -> None:
		self.report.leaks.append(leak)
		sys.stdout.write(f"Leak: {leak}\n")
		sys.stdout.flush()


def _find_rooms(doctype: str, name: str) -> Iterator[tuple[str, dict[str, str], str]]:
	"""Yield the requests of the socket server before a user joins the room of a record, and that of its
	DocType's list.
	"""
	places = (f"{doctype} room", f"{doctype} list room")
	if compat.FRAPPE_MAJOR < 16:
		yield "frappe.realtime.can_subscribe_doc", {"doctype": doctype, "docname": name}, places[0]
		yield "frappe.realtime.can_subscribe_doctype", {"doctype": doctype}, places[1]
		return
	for value, place in zip((name, ""), places, strict=True):
		yield "frappe.realtime.has_permission", {"doctype": doctype, "name": value}, place


def _without(reply: Reply, value: str) -> bytes:
	"""Return the body without the parts that only repeat the request."""
	return reply.body.lower().replace(value.lower().encode(), b"")


def open_sweep(bench: Path, site: str, keys: list[str]) -> tuple[Sweep, list[Caller]]:
	"""Connect, guard the process, plant, and create the callers."""
	sites = bench / "sites"
	os.environ["FRAPPE_REDIS_CACHE"] = offset_database(os.environ["FRAPPE_REDIS_CACHE"], OWN_REDIS_DATABASE)
	os.chdir(sites)
	frappe.app._sites_path = str(sites)
	frappe.init(site=site, sites_path=str(sites))
	frappe.connect()
	frappe.cache.flushdb()
	methods = find_methods()
	ground = Ground(Path(frappe.get_site_path()))
	ground.install()
	settings = {"rate_limit_enabled": 0, "access_log_enabled": 1, "consents_enabled": int(RECIPIENT in keys)}
	frappe.db.set_single_value("Orchestrator Settings", settings)
	world = plant()
	callers = create_callers(world, keys)
	arguments = Arguments(world, methods)
	frappe.clear_cache()
	return Sweep(Dispatcher(ground, site), world, arguments, methods), callers


def _as_json(value: Any) -> Any:
	return sorted(value) if isinstance(value, set) else vars(value)


def main() -> None:
	"""Run the sweep for the callers named, and write its report."""
	keys, path = sys.argv[1].split(","), Path(sys.argv[2])
	only = sys.argv[3] if len(sys.argv) > 3 else ""
	sweep, callers = open_sweep(Path(os.environ["ORCHESTRATOR_BENCH"]), os.environ["ORCHESTRATOR_SITE"], keys)
	started = time.monotonic()
	before = sweep.world.snapshot()
	for caller in callers:
		sweep.run(caller, tuple(os.environ.get("PARTS", ",".join(PARTS)).split(",")), only)
		report = sweep.report
		sys.stdout.write(
			f"{caller.key} {report.calls} {report.reached} {len(report.leaks)} {time.monotonic() - started:.0f}\n"
		)
		sys.stdout.flush()
	sweep.report.answers = sweep.is_answering(callers[-1])
	sweep.report.unchanged = sweep.world.snapshot() == before
	sweep.report.seconds = round(time.monotonic() - started, 1)
	path.write_text(json.dumps(vars(sweep.report), default=_as_json))
	frappe.cache.flushdb()


if __name__ == "__main__":
	main()
