"""Detection of whether the process of a run is still alive."""

import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest

from orchestrator.sync.runs.process import get_pid_space, get_process_id, is_process_gone


@pytest.fixture
def child() -> Iterator[subprocess.Popen]:
	process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
	yield process
	process.kill()
	process.wait()


def get_id(process: subprocess.Popen) -> str:
	return f"{process.pid}:{psutil.Process(process.pid).create_time()}:{get_pid_space()}"


def test_this_process_is_alive() -> None:
	assert not is_process_gone(get_process_id())


def test_ended_process_is_gone(child: subprocess.Popen) -> None:
	process_id = get_id(child)
	assert not is_process_gone(process_id)
	child.kill()
	child.wait()
	assert is_process_gone(process_id)


def test_zombie_is_gone(child: subprocess.Popen) -> None:
	process_id = get_id(child)
	child.kill()
	while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
		pass
	assert is_process_gone(process_id)


def test_another_process_with_the_same_number_is_not_the_one() -> None:
	number, began, space = get_process_id().split(":", 2)
	assert is_process_gone(f"{number}:{float(began) - 60}:{space}")


@pytest.mark.parametrize("process_id", [None, "", "x:1", ":1", "x:1:", "1:1"])
def test_unknown_process_is_not_known_to_be_gone(process_id: str | None) -> None:
	assert not is_process_gone(process_id)


@pytest.mark.parametrize("space", ["another-boot/1", "", f"{get_pid_space()}0"])
def test_nothing_is_known_of_another_machine_or_container(space: str, child: subprocess.Popen) -> None:
	child.kill()
	child.wait()
	assert not is_process_gone(f"{child.pid}:1.0:{space}")
