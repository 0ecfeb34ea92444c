"""Identify the process that works on a run, so that another can tell whether it is still alive."""

import socket

import psutil

# psutil derives a process's start time from the boot time, which changes when the clock is set.
START_TOLERANCE_SECONDS = 2.0


def get_host() -> str:
	"""Return the name of this machine."""
	return socket.gethostname()


def get_process_id() -> str:
	"""Return this process's number and start time, because numbers are reused."""
	process = psutil.Process()
	return f"{process.pid}:{process.create_time()}"


def is_process_gone(machine: str | None, process_id: str | None) -> bool:
	"""Return True if the process is known to have ended. Nothing is known of processes on other machines."""
	number, _, began = (process_id or "").partition(":")
	if machine != get_host() or not number.isdigit():
		return False
	try:
		process = psutil.Process(int(number))
		if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
			return True
		return bool(began) and abs(process.create_time() - float(began)) > START_TOLERANCE_SECONDS
	except psutil.NoSuchProcess:
		return True
