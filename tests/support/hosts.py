"""Hosts on one machine: Linux namespaces with a network, a host name and processes of their own, which reach MariaDB, Redis
and other servers of the machine over a link that can be cut.

No privileges are needed: the namespaces belong to a user namespace in which the current user is root. A router stands in
the middle, with a veth pair to each host. Connections arrive at the router by TCP and go on over Unix sockets, which
cross the border of a network namespace; so no address of the machine itself is changed.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

RELAY = str(Path(__file__).with_name("relay.py"))
TOOLS = ("ip", "nsenter", "unshare")
START_SECONDS = 20
WAIT_SECONDS = 120
POLL_SECONDS = 0.2
ROUTER = ["unshare", "--user", "--map-root-user", "--net", "--kill-child", "--fork"]
HOST = ["unshare", "--net", "--uts", "--pid", "--mount", "--kill-child", "--fork"]
PROBE = "mount -t proc proc /proc && hostname probe && ip link add name one type veth peer name two"


def find_obstacle() -> str | None:
	"""Return why this machine cannot have hosts in namespaces, None if it can."""
	missing = [tool for tool in TOOLS if not shutil.which(tool)]
	if missing:
		return f"there is no {' or '.join(missing)} on this machine"
	probe = subprocess.run([*ROUTER, *HOST, "sh", "-c", PROBE], capture_output=True, text=True)
	return f"this user may not make namespaces: {probe.stderr.strip()}" if probe.returncode else None


def wait_until(is_reached: Callable[[], object], what: str, seconds: float = WAIT_SECONDS) -> None:
	deadline = time.monotonic() + seconds
	while not is_reached():
		assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
		time.sleep(POLL_SECONDS)


@dataclass
class Host:
	"""A host. Its address of the router is also that of MariaDB and Redis."""

	name: str
	router: int
	process: int
	address: str
	interface: str
	processes: list[subprocess.Popen] = field(default_factory=list)

	def start(self, command: list[str], folder: Path = Path("/"), **environment: str) -> subprocess.Popen:
		"""Start a process on the host, in a folder and with further variables of the environment."""
		enter = ["nsenter", "--target", str(self.process), "--user", "--preserve-credentials"]
		spaces = ["--net", "--uts", "--pid", "--mount", f"--wd={folder}", "--"]
		process = subprocess.Popen([*enter, *spaces, *command], env={**os.environ, **environment})
		self.processes.append(process)
		return process

	def cut(self) -> None:
		"""Cut the host's link: no packet passes, and nobody is told."""
		enter_network(self.router, ["ip", "link", "set", self.interface, "down"])

	def freeze(self) -> None:
		"""Stop all processes of the host, as a hypervisor that suspends a machine."""
		self._signal(signal.SIGSTOP)

	def thaw(self) -> None:
		self._signal(signal.SIGCONT)
		for process in self.processes:
			process.send_signal(signal.SIGCONT)  # nsenter stops with its child

	def count_busy(self) -> int:
		"""Return how many of the host's workers have a job: each forks a process for it."""
		trees = [
			psutil.Process(process.pid).children(recursive=True)
			for process in self.processes
			if process.poll() is None
		]
		return sum(len(tree) - 1 for tree in trees if tree)

	def kill(self) -> None:
		"""Turn the host off: all its processes end with its first one."""
		with contextlib.suppress(psutil.NoSuchProcess):
			psutil.Process(self.process).kill()
		for process in self.processes:
			process.kill()  # nsenter may be stopped
			process.wait(timeout=START_SECONDS)

	def _signal(self, number: signal.Signals) -> None:
		for process in self.processes:
			for child in psutil.Process(process.pid).children(recursive=True):
				with contextlib.suppress(psutil.NoSuchProcess):
					child.send_signal(number)


def enter_network(process: int, command: list[str]) -> None:
	"""Run a command in the network of a process."""
	enter = ["nsenter", "--target", str(process), "--user", "--preserve-credentials", "--net", "--"]
	done = subprocess.run([*enter, *command], capture_output=True, text=True)
	assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def run_network(names: list[str], ports: list[int], local_ports: list[int]) -> Iterator[list[Host]]:
	"""Yield hosts of these names.

	Args:
		names: Names of the hosts.
		ports: Ports of this machine that the hosts reach at the router's address.
		local_ports: Ports of this machine that they reach at 127.0.0.1 as well.
	"""
	with contextlib.ExitStack() as stack:
		folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hosts-"))
		every = sorted({*ports, *local_ports})
		stack.enter_context(
			_run([sys.executable, RELAY, *(f"unix:{folder}/{port}=tcp:127.0.0.1:{port}" for port in every)])
		)
		wait_until(lambda: all(Path(folder, str(port)).exists() for port in every), "relays", START_SECONDS)
		relays = [f"tcp:0.0.0.0:{port}=unix:{folder}/{port}" for port in every]
		outer = stack.enter_context(_run([*ROUTER, sys.executable, RELAY, *relays]))
		router = _find_first_child(outer)
		hosts = [_start_host(stack, name, number, router) for number, name in enumerate(names, 1)]
		for host in hosts:
			stack.callback(host.kill)
			local = [f"tcp:127.0.0.1:{port}=tcp:{host.address}:{port}" for port in local_ports]
			host.start([sys.executable, RELAY, *local])
		yield hosts


def _start_host(stack: contextlib.ExitStack, name: str, number: int, router: int) -> Host:
	setup = f"mount -t proc proc /proc && hostname {name} && ip link set lo up && exec sleep infinity"
	enter = ["nsenter", "--target", str(router), "--user", "--preserve-credentials", "--"]
	outer = stack.enter_context(_run([*enter, *HOST, "sh", "-c", setup]))
	first = _find_first_child(outer)
	wait_until(lambda: psutil.Process(first).name() == "sleep", f"start of {name}", START_SECONDS)
	interface, address = f"veth{number}", f"10.77.{number}.1"
	enter_network(
		router, ["ip", "link", "add", interface, "type", "veth", "peer", "name", "eth0", "netns", str(first)]
	)
	enter_network(router, ["ip", "address", "add", f"{address}/30", "dev", interface])
	enter_network(router, ["ip", "link", "set", interface, "up"])
	enter_network(first, ["ip", "address", "add", f"10.77.{number}.2/30", "dev", "eth0"])
	enter_network(first, ["ip", "link", "set", "eth0", "up"])
	return Host(name, router, first, address, interface)


def _find_first_child(process: subprocess.Popen) -> int:
	"""Return the process that `unshare --fork` has started: the first one of its namespaces."""
	wait_until(lambda: psutil.Process(process.pid).children(), "a namespace", START_SECONDS)
	return psutil.Process(process.pid).children()[0].pid


@contextlib.contextmanager
def _run(command: list[str]) -> Iterator[subprocess.Popen]:
	process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
	try:
		yield process
	finally:
		process.kill()  # unshare heeds no other signal
		process.wait(timeout=START_SECONDS)
