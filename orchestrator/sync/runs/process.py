"""Identify the process that works on a run, so that another one on the same machine can tell whether it is still alive."""

import socket
from functools import cache
from pathlib import Path

import psutil

# psutil derives a process's start time from the boot time, which changes when the clock is set.
START_TOLERANCE_SECONDS = 2.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
PID_NAMESPACE = Path("/proc/self/ns/pid")


def get_host() -> str:
	"""Return the name of this machine, for people. Several containers may have the same."""
	return socket.gethostname()


@cache
def get_pid_space() -> str:
	"""Return the identity of this boot of the kernel and of the PID namespace, or nothing where there is neither.

	Only in there does a number mean one process: a container with the same host name has other processes.
	"""
	try:
		return f"{BOOT_ID.read_text().strip()}/{PID_NAMESPACE.stat().st_ino}"
	except OSError:
		return ""


def get_process_id() -> str:
	"""Return this process's number, its start time, because numbers are reused, and where its number is valid."""
	process = psutil.Process()
	return f"{process.pid}:{process.create_time()}:{get_pid_space()}"


def is_process_gone(process_id: str | None) -> bool:
	"""Return True if the process is known to have ended. Nothing is known of processes of other machines and containers:
	their heartbeats decide.
	"""
	number, began, space = [*(process_id or "").split(":", 2), "", ""][:3]
	if not number.isdigit() or not space or space != get_pid_space():
		return False
	try:
		process = psutil.Process(int(number))
		if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
			return True
		return bool(began) and abs(process.create_time() - float(began)) > START_TOLERANCE_SECONDS
	except psutil.NoSuchProcess:
		return True
