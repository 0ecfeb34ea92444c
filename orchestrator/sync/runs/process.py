"""Which process is at work, so that another can tell at once whether it is still alive."""

import os
import socket
from pathlib import Path


def get_host() -> str:
	"""The machine, as it calls itself."""
	return socket.gethostname()


def get_process_id() -> str:
	"""This process: its number and when it began, because numbers come again."""
	return f"{os.getpid()}:{_get_start_time(os.getpid())}"


def is_process_gone(machine: str | None, process_id: str | None) -> bool:
	"""True if the process is known to have ended. Of another machine nothing is known."""
	number, _, began = (process_id or "").partition(":")
	if machine != get_host() or not number.isdigit():
		return False
	return not Path(f"/proc/{number}").exists() if not began else _get_start_time(int(number)) != began


def _get_start_time(number: int) -> str:
	"""When a process began, in the kernel's ticks; "gone" of one that has ended, "" where there is no /proc."""
	if not Path("/proc/self/stat").exists():
		return ""
	try:
		fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
	except OSError:
		return "gone"
	return "gone" if fields[0] in "ZX" else fields[19]
