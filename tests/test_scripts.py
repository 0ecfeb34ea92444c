"""The scripts: pinned versions, settings, and refusals. No site needed; nothing is installed."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.source import ROOT

COMMANDS = [
	ROOT / name
	for name in (
		"deploy/build-image",
		"script/clients",
		"script/server",
		"script/stop",
		"script/test",
		"script/upgrade",
		".ci/run",
	)
]
SHELL_FILES = [*COMMANDS, *sorted((ROOT / "script" / "lib").glob("*.sh"))]
BRANCHES = {"telephony", "gameplan"}  # the two without a version of their own
LINES = {"15": "apps-15.json", "16": "apps.json"}

# Sources all parts as a command does, for a bench in a test folder. Commands of the bench's user run as the current user.
PRELUDE = """
set -euo pipefail
CHECKOUT={root}
source "$CHECKOUT/script/lib/all.sh"
load_place
as_bench() {{ "$@"; }}
mkdir -p "$BENCH_STATE"/{{stamps,run}}
SETUP_LOG=$BENCH/setup.log
"""


class Shell:
	"""Runs bash code with the scripts' functions and settings loaded."""

	def __init__(self, bench: Path) -> None:
		self.bench = bench

	def __call__(self, lines: str, **settings: object) -> subprocess.CompletedProcess[str]:
		# A bench's own git settings would redirect the base.
		ours = ("ORCHESTRATOR_", "GIT_")
		environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
		environment |= {
			"ORCHESTRATOR_BENCH": str(self.bench),
			"ORCHESTRATOR_BENCH_USER": get_unprivileged_user(),
		}
		environment |= {f"ORCHESTRATOR_{name}": str(value) for name, value in settings.items()}
		script = PRELUDE.format(root=ROOT) + lines
		return subprocess.run(
			["bash", "-c", script], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
		)


def get_unprivileged_user() -> str:
	"""Return a name that is allowed as the bench's user: the current user's, or one that root may name."""
	import getpass

	return "nobody" if os.geteuid() == 0 else getpass.getuser()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
	return Shell(tmp_path / "bench")


@pytest.fixture
def taken_port() -> Iterator[int]:
	with contextlib.closing(socket.socket()) as listener:
		listener.bind(("127.0.0.1", 0))
		listener.listen()
		yield listener.getsockname()[1]


# --- the files ---


@pytest.mark.parametrize("path", SHELL_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_shell_can_read_each_script(path: Path) -> None:
	run = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True)
	assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: str(path.relative_to(ROOT)))
def test_each_command_may_be_run_and_stops_at_the_first_error(path: Path) -> None:
	assert os.access(path, os.X_OK)
	assert "set -euo pipefail" in path.read_text()


# --- the checks of the source ---


@pytest.fixture
def source(tmp_path: Path) -> Path:
	"""Return a checkout in which ruff and shellcheck find nothing."""
	folder = tmp_path / "checkout"
	for command in COMMANDS:
		file = folder / command.relative_to(ROOT)
		file.parent.mkdir(parents=True, exist_ok=True)
		file.write_text("#!/usr/bin/env bash\necho ready\n")
	shutil.copy(ROOT / "pyproject.toml", folder)
	return folder


def check_style(shell: Shell, source: Path) -> subprocess.CompletedProcess[str]:
	return shell(f'check_style "{Path(sys.executable).parent}" env -C "{source}"')


def test_style_check_passes_without_findings(shell: Shell, source: Path) -> None:
	assert check_style(shell, source).returncode == 0


def test_style_check_lists_the_findings_of_every_tool(shell: Shell, source: Path) -> None:
	(source / "lint.py").write_text("import os\n")
	(source / "layout.py").write_text("NUMBER  = 1\n")
	(source / "script/stop").write_text("#!/usr/bin/env bash\necho $1\n")
	run = check_style(shell, source)
	assert run.returncode == 1
	assert "lint.py:1:8: F401" in run.stdout
	assert "layout.py:1:8: unformatted" in run.stdout
	assert re.search(r"script/stop:2:\d+: .*\[SC2086\]", run.stdout)


# --- the pins ---


def parse_pins(line: str) -> list[dict[str, str]]:
	return json.loads((ROOT / LINES[line]).read_text())


@pytest.mark.parametrize("line", LINES)
def test_every_app_is_pinned_and_comes_from_the_official_place(line: str) -> None:
	assert [pin["url"] for pin in parse_pins(line)] == [
		f"https://github.com/frappe/{app}"
		for app in ("frappe", "erpnext", "hrms", "telephony", "helpdesk", "gameplan", "insights")
	]
	for pin in parse_pins(line):
		if pin["url"].rsplit("/", 1)[1] in BRANCHES:
			assert re.fullmatch(r"[0-9a-f]{40}", pin["commit"])
		else:
			assert re.fullmatch(r"v\d+\.\d+\.\d+", pin["branch"])
			assert "commit" not in pin


@pytest.mark.parametrize("line", LINES)
def test_frappe_erpnext_and_hrms_are_pinned_to_their_line(line: str) -> None:
	assert [pin["branch"].split(".")[0] for pin in parse_pins(line)[:2]] == [f"v{line}", f"v{line}"]
	assert {
		pin["branch"] for each in LINES for pin in parse_pins(each) if pin["url"].endswith("/helpdesk")
	} == {"v1.25.0"}


@pytest.mark.parametrize("line", LINES)
def test_the_shell_reads_the_same_pins_as_json_does(shell: Shell, line: str) -> None:
	lines = [
		" ".join([pin["url"].rsplit("/", 1)[1], pin["url"], pin["branch"], pin.get("commit", "-")])
		for pin in parse_pins(line)
	]
	assert shell("pins", FRAPPE=line).stdout.splitlines() == lines


# --- the settings ---


def parse_declared_settings() -> dict[str, str]:
	"""Return name -> default, as settings.sh declares them."""
	table = re.search(r"readonly SETTINGS='\n(.*?)'", (ROOT / "script/lib/settings.sh").read_text(), re.S)
	assert table
	return dict(line.split("|")[:2] for line in table[1].splitlines() if line)


def test_the_readme_lists_every_setting_with_its_default() -> None:
	rows = dict(re.findall(r"^\| `ORCHESTRATOR_(\w+)` \| (.*?) \|", (ROOT / "README.md").read_text(), re.M))
	assert rows.keys() == parse_declared_settings().keys()
	for name, default in parse_declared_settings().items():
		if default:
			assert rows[name] == f"`{default}`"


def test_no_script_reads_a_setting_that_is_not_declared() -> None:
	read = {name for path in SHELL_FILES for name in re.findall(r"\$\{ORCHESTRATOR_(\w+)", path.read_text())}
	assert read <= parse_declared_settings().keys()


def test_saved_setting_applies_until_the_environment_overrides_it(shell: Shell) -> None:
	shell("load_settings; keep_settings", PORT=8123)
	assert shell('load_settings; echo "$PORT"').stdout == "8123\n"
	assert shell('load_settings; echo "$PORT"', PORT=8124).stdout == "8124\n"


def test_database_password_is_not_saved_and_settings_are_private(shell: Shell) -> None:
	shell("load_settings; ADMIN_PASSWORD=for-the-demo; keep_settings", DB_ROOT_PASSWORD="the-servers-own")
	kept = shell.bench / ".orchestrator" / "settings"
	assert "ADMIN_PASSWORD=for-the-demo" in kept.read_text()
	assert "the-servers-own" not in kept.read_text()
	assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_port_in_use_is_skipped_and_the_choice_is_saved(shell: Shell, taken_port: int) -> None:
	line = 'keep_port REDIS_CACHE_PORT {} redis_cache; echo "$REDIS_CACHE_PORT"'
	first = shell(line.format(taken_port)).stdout
	assert int(first) > taken_port
	assert shell(line.format(taken_port + 500)).stdout == first


def test_a_port_in_use_is_replaced(shell: Shell, taken_port: int) -> None:
	shell(f"kept_set REDIS_CACHE_PORT {taken_port}")
	chosen = shell(f'keep_port REDIS_CACHE_PORT {taken_port} redis_cache; echo "$REDIS_CACHE_PORT"').stdout
	assert int(chosen) > taken_port


def test_two_benches_set_up_at_the_same_time_choose_different_ports(shell: Shell, taken_port: int) -> None:
	line = f'keep_port REDIS_CACHE_PORT {taken_port} redis_cache; echo "$REDIS_CACHE_PORT"'
	other = f'(BENCH_STATE=$BENCH/other; mkdir -p "$BENCH_STATE/run"; {line})'
	assert len(set(shell(f"{line}; {other}").stdout.split())) == 2


# --- the lines of Frappe ---


def make_bench(folder: Path, frappe: str = "", kept: str = "") -> None:
	"""Create what the choice of a version reads: a bench with this version of Frappe, and its stored
	settings.
	"""
	package = folder / "apps" / "frappe" / "frappe"
	(folder / ".orchestrator").mkdir(parents=True)
	(folder / ".orchestrator" / "settings").write_text(f"{kept}\n" if kept else "")
	if frappe:
		package.mkdir(parents=True)
		(package / "__init__.py").write_text(f'__version__ = "{frappe}"\n')


# The bench user's home is the test's, and the machine has the Pythons of these lines.
OF_THE_MACHINE = 'BENCH_HOME=$BENCH; machine_has_python() {{ [[ " {} " == *" $1 "* ]]; }}; '
CHOOSE = 'unset ORCHESTRATOR_BENCH; choose_line; echo "$FRAPPE ${BENCH#"$BENCH_HOME"/}"'


@pytest.mark.parametrize(
	("pythons", "chosen"),
	[
		("15", "15 orchestrator-bench"),
		("16", "16 orchestrator-bench-16"),
		("15 16", "16 orchestrator-bench-16"),
		("", "16 orchestrator-bench-16"),
	],
)
def test_without_a_bench_the_machines_python_decides_on_the_line(
	shell: Shell, pythons: str, chosen: str
) -> None:
	assert shell(OF_THE_MACHINE.format(pythons) + CHOOSE).stdout == f"{chosen}\n"


@pytest.mark.parametrize(
	("benches", "pythons", "chosen"),
	[
		(["orchestrator-bench"], "15 16", "15 orchestrator-bench"),
		(["orchestrator-bench-16"], "15", "16 orchestrator-bench-16"),
		(["orchestrator-bench", "orchestrator-bench-16"], "15", "15 orchestrator-bench"),
		(["orchestrator-bench", "orchestrator-bench-16"], "15 16", "16 orchestrator-bench-16"),
	],
)
def test_the_only_bench_is_found_with_any_python(
	shell: Shell, benches: list[str], pythons: str, chosen: str
) -> None:
	for name in benches:
		make_bench(shell.bench / name)
	assert shell(OF_THE_MACHINE.format(pythons) + CHOOSE).stdout == f"{chosen}\n"


@pytest.mark.parametrize("line", LINES)
def test_the_setting_chooses_the_line_and_its_bench(shell: Shell, line: str) -> None:
	folder = {"15": "orchestrator-bench", "16": "orchestrator-bench-16"}[line]
	assert shell(OF_THE_MACHINE.format("15 16") + CHOOSE, FRAPPE=line).stdout == f"{line} {folder}\n"


@pytest.mark.parametrize(
	("frappe", "kept", "line"),
	[("15.105.0", "", "15"), ("16.9.0", "", "16"), ("", "FRAPPE=15", "15"), ("", "FRAPPE=16", "16")],
)
def test_a_bench_stays_on_its_line(shell: Shell, frappe: str, kept: str, line: str) -> None:
	make_bench(shell.bench, frappe, kept)
	other = str(31 - int(line))
	assert shell('echo "$FRAPPE"').stdout == f"{line}\n"
	assert shell('echo "$FRAPPE"', FRAPPE=line).stdout == f"{line}\n"
	run = shell("", FRAPPE=other)
	assert run.returncode == parse_exit_codes()["EXIT_USAGE"]
	assert run.stderr == (
		f"Error: The bench {shell.bench} is of Frappe {line}, and ORCHESTRATOR_FRAPPE is {other}. Leave "
		"ORCHESTRATOR_FRAPPE out to go on with this bench, or set ORCHESTRATOR_BENCH to another folder for one of "
		f"Frappe {other}.\n"
	)


@pytest.mark.parametrize("line", LINES)
def test_line_is_saved_by_the_bench(shell: Shell, line: str) -> None:
	bench = Shell(shell.bench / line)
	bench("load_settings; keep_settings", FRAPPE=line)
	assert bench('echo "$FRAPPE"').stdout == f"{line}\n"


@pytest.mark.parametrize("line", LINES)
def test_a_line_accepts_its_own_pythons_alone(shell: Shell, line: str) -> None:
	versions = {"15": {"3.10", "3.11", "3.12"}, "16": {"3.14"}}
	assert set(shell(f"python_versions {line}").stdout.split()) == versions[line]
	ours = f"{sys.version_info.major}.{sys.version_info.minor}"
	run = shell(f'"{sys.executable}" -c "$PYTHON_CHECK" "$(python_versions {line})" venv')
	assert run.returncode == int(ours not in versions[line])


def test_the_second_bench_of_a_user_gets_the_next_port(shell: Shell) -> None:
	make_bench(shell.bench / "orchestrator-bench", kept="PORT=8000")
	lines = "BENCH_HOME=$BENCH; unset ORCHESTRATOR_BENCH; choose_line; load_settings; echo $PORT"
	assert shell(lines, FRAPPE="15").stdout == "8000\n"
	assert shell(lines, FRAPPE="16").stdout == "8001\n"
	assert shell(lines, FRAPPE="16", PORT=8000).stdout == "8000\n"


# A Node of this version, with npm, in front of the machine's.
NODE = """
mkdir -p "$BENCH/machine"
printf '#!/bin/sh\necho v{}.1.0\n' >"$BENCH/machine/node"
printf '#!/bin/sh\n' >"$BENCH/machine/npm"
chmod +x "$BENCH/machine"/*
PATH=$BENCH/machine:$PATH
"""


@pytest.mark.parametrize(
	("line", "node", "fits"), [("15", 17, 1), ("15", 18, 0), ("15", 24, 0), ("16", 22, 1), ("16", 24, 0)]
)
def test_a_line_accepts_a_node_that_is_new_enough(shell: Shell, line: str, node: int, fits: int) -> None:
	assert shell(f"{NODE.format(node)}\nnode_fits", FRAPPE=line).returncode == fits


def test_a_node_of_the_benchs_own_comes_before_the_machines(shell: Shell) -> None:
	path = shell("bench_env | tr '\\0' '\\n' | sed -n s/^PATH=//p").stdout
	assert path.startswith(f"{shell.bench}/.orchestrator/node/bin:")


def test_without_a_node_the_refusal_names_the_version_for_the_line(shell: Shell) -> None:
	lines = "install_official_node() { return 1; }; install_node_wheel() { return 1; }; install_node"
	run = shell(f"{NODE.format(17)}\n{lines}", FRAPPE="16")
	assert run.returncode == parse_exit_codes()["EXIT_NODE"]
	assert run.stderr.startswith("Error: Frappe 16 needs Node 24 or later, and neither ")


@pytest.mark.parametrize(
	("line", "message"),
	[
		(
			"15",
			"Frappe 15 needs Python 3.10, 3.11 or 3.12, which this machine's packages don't have, and neither GitHub can",
		),
		(
			"16",
			"Frappe 16 needs Python 3.14, which this machine's packages don't have, and neither GitHub nor Debian's",
		),
	],
)
def test_without_a_python_the_refusal_names_the_version_for_the_line(
	shell: Shell, line: str, message: str
) -> None:
	ways = "find_python() { return 1; }; install_packaged_python() { :; }; "
	ways += "install_uv_python() { return 1; }; install_archive_python() { return 1; }; "
	run = shell(f"{ways} install_python", FRAPPE=line)
	assert run.returncode == parse_exit_codes()["EXIT_PYTHON"]
	assert run.stderr.startswith(f"Error: {message}")


def test_the_archive_is_read_by_an_apt_that_knows_nothing_of_the_systems(shell: Shell) -> None:
	root = shell.bench / "python"
	# A replacement that prints its arguments; nothing is fetched.
	stand_in = """apt-get() { [[ $1 == indextargets ]] || printf '%s\\n' "$@"; }; """
	asked = shell(f'{stand_in} fetch_archive_packages "{root}"').stdout.splitlines()
	folders = [option.split("=", 1)[1] for option in asked if option.startswith("Dir::")]
	assert len(folders) == 2 * 8
	assert all(folder.startswith(f"{root}/apt") or folder == "/dev/null" for folder in folders)
	assert "--download-only" in asked
	source = (root / "apt/etc/sources.list").read_text()
	assert source.startswith(
		"deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian sid"
	)


def test_missing_bundles_are_noted_on_15_and_refused_on_16(shell: Shell) -> None:
	run = shell('report_missing_assets " insights"; cat "$BENCH_STATE/notes"', FRAPPE="15")
	assert run.returncode == 0
	assert run.stdout.startswith("Note: the scripts and styles of insights could not be built")
	run = shell('report_missing_assets " insights"', FRAPPE="16")
	assert run.returncode == parse_exit_codes()["EXIT_BENCH"]
	assert run.stderr.startswith(
		"Error: The scripts and styles of insights could not be built, and without them Frappe 16"
	)


@pytest.mark.parametrize(
	("host", "options"),
	[
		("127.0.0.1", ["loose-disable-ssl-verify-server-cert"]),
		("localhost", ["loose-disable-ssl-verify-server-cert"]),
		("db.example.com", []),
	],
)
def test_a_database_of_this_machine_may_be_without_tls(shell: Shell, host: str, options: list[str]) -> None:
	run = shell('load_settings; write_client_config; cat "$BENCH_STATE/my.cnf"', DB_HOST=host)
	assert run.stdout.splitlines() == ["[client]", *options]
	assert f"MYSQL_HOME={shell.bench}/.orchestrator" in shell("bench_env | tr '\\0' '\\n'").stdout


# --- refusals: a message that says what to do, and an exit code of its own ---


def parse_exit_codes() -> dict[str, int]:
	text = (ROOT / "script/lib/common.sh").read_text()
	return {name: int(code) for name, code in re.findall(r"\b(EXIT_\w+)=(\d+)", text)}


def test_the_readme_explains_every_exit_code() -> None:
	section = (
		(ROOT / "README.md")
		.read_text()
		.split("### Troubleshooting", 1)[1]
		.split("\n## ", 1)[0]
		.split("\n### ", 1)[0]
	)
	explained = [int(code) for code in re.findall(r"^\| (\d+) \|", section, re.M)]
	assert explained == sorted(parse_exit_codes().values())


@pytest.mark.parametrize(
	("settings", "message"),
	[
		({"BENCH_USER": "root"}, "bench refuses to run as root. Set ORCHESTRATOR_BENCH_USER"),
		({"BENCH": "relative/bench"}, "ORCHESTRATOR_BENCH must be a path that starts with /"),
		(
			{"FRAPPE": "14"},
			"Frappe 14 ended in January 2026 and Orchestrator does not run on it. Make a bench of",
		),
		({"FRAPPE": "v16"}, 'ORCHESTRATOR_FRAPPE must be 15 or 16, not "v16"'),
		({"PORT": "http"}, 'ORCHESTRATOR_PORT must be a number up to 65535, not "http"'),
		({"PORT": "70000"}, 'ORCHESTRATOR_PORT must be a number up to 65535, not "70000"'),
		({"SITE": "../common"}, "ORCHESTRATOR_SITE must be a host name"),
		({"SITE": "one.localhost", "TEST_SITE": "one.localhost"}, "The test site is made anew by each run"),
	],
	ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_named(tmp_path: Path, settings: dict[str, str], message: str) -> None:
	environment = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
	environment |= {
		"ORCHESTRATOR_BENCH": str(tmp_path / "bench"),
		"ORCHESTRATOR_BENCH_USER": get_unprivileged_user(),
	}
	environment |= {f"ORCHESTRATOR_{name}": value for name, value in settings.items()}
	run = subprocess.run(
		[ROOT / "script/server"], env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
	)
	assert run.returncode == parse_exit_codes()["EXIT_USAGE"]
	assert run.stderr.startswith("Error: ")
	assert message in run.stderr
	assert not (tmp_path / "bench").exists()


def test_port_in_use_is_refused_with_the_setting_that_changes_it(shell: Shell, taken_port: int) -> None:
	run = shell("load_settings; check_web_port", PORT=taken_port)
	assert run.returncode == parse_exit_codes()["EXIT_PORT"]
	assert run.stderr == (
		f"Error: Port {taken_port} is in use by another program. Stop it, or choose another port: "
		"ORCHESTRATOR_PORT=8001 script/server\n"
	)


def test_an_unreachable_git_base_is_refused_with_the_setting_that_changes_it(
	shell: Shell, tmp_path: Path
) -> None:
	run = shell("load_settings; check_git_base", GIT_BASE=f"file://{tmp_path}/nowhere")
	assert run.returncode == parse_exit_codes()["EXIT_GIT"]
	assert f"file://{tmp_path}/nowhere/frappe/frappe does not answer" in run.stderr
	assert "set ORCHESTRATOR_GIT_BASE" in run.stderr


def test_too_little_disk_is_refused_with_both_figures(shell: Shell) -> None:
	run = shell("load_settings; check_disk", MIN_DISK_GB=99999)
	assert run.returncode == parse_exit_codes()["EXIT_DISK"]
	assert re.search(
		r"has \d+ GB free; the bench needs 99999 GB\. Make room, or set ORCHESTRATOR_BENCH", run.stderr
	)


def test_without_root_or_sudo_nothing_is_begun(shell: Shell) -> None:
	run = shell("load_settings; can_be_root() { return 1; }; check_root")
	assert run.returncode == parse_exit_codes()["EXIT_SUDO"]
	assert "Run this as root, or as a user who may use sudo." in run.stderr


def test_system_without_apt_is_referred_to_the_container_image(shell: Shell) -> None:
	run = shell("have() { return 1; }; check_os")
	assert run.returncode == parse_exit_codes()["EXIT_OS"]
	assert "container image" in run.stderr


def test_a_site_that_script_server_did_not_make_is_left_alone(shell: Shell) -> None:
	site = shell.bench / "sites" / "orchestrator.localhost"
	site.mkdir(parents=True)
	(site / "site_config.json").write_text("{}")
	run = shell("load_settings; check_demo_site")
	assert run.returncode == parse_exit_codes()["EXIT_USAGE"]
	assert "has a site orchestrator.localhost that script/server did not make" in run.stderr


# --- steps ---


def test_a_finished_step_is_not_run_again_until_what_it_depends_on_changes(shell: Shell) -> None:
	lines = 'STEPS=1; step "Counting" count {key} eval "echo once >>$BENCH/count"'
	shell(lines.format(key="a"))
	again = shell(lines.format(key="a"))
	assert again.stderr == "[ 1/1] Counting" + " " * 51 + "ready\n"
	assert (shell.bench / "count").read_text() == "once\n"
	shell(lines.format(key="b"))
	assert (shell.bench / "count").read_text() == "once\nonce\n"


def test_a_step_ends_at_its_first_error_shows_its_log_and_is_run_again(shell: Shell) -> None:
	lines = """
		work() { echo "what went wrong"; false; echo "never reached"; }
		STEPS=1
		step "Working" work key work
		echo "not after a failed step"
	"""
	run = shell(lines)
	assert (run.returncode, run.stdout) == (1, "")
	assert "what went wrong" in run.stderr
	assert "never reached" not in run.stderr
	assert '"Working" failed' in run.stderr
	assert not (shell.bench / ".orchestrator/stamps/work").exists()


def test_a_refusal_inside_a_step_keeps_its_message_and_its_code(shell: Shell) -> None:
	run = shell('STEPS=1; step "Fetching" fetch key die "$EXIT_GIT" "No source. Set ORCHESTRATOR_GIT_BASE."')
	assert run.returncode == parse_exit_codes()["EXIT_GIT"]
	assert run.stderr.endswith("failed\nError: No source. Set ORCHESTRATOR_GIT_BASE.\n")


# --- the site's name ---

# Replacements for the resolver and for the system's file, which a test may not write.
RESOLVER = 'getent() { [[ $2 == known.* ]]; }; as_root() { cat >"$BENCH/hosts"; }; can_be_root() { return "$CAN"; }; '


@pytest.mark.parametrize(
	("site", "can", "written", "noted"),
	[
		("known.localhost", 0, "", ""),
		("demo.localhost", 0, "127.0.0.1 demo.localhost\n", ""),
		("demo.localhost", 1, "", "Add it to /etc/hosts: 127.0.0.1 demo.localhost\n"),
		("erp.example.com", 0, "", "Add it to /etc/hosts: 127.0.0.1 erp.example.com\n"),
	],
)
def test_a_name_that_only_browsers_know_is_made_known_to_this_machine(
	shell: Shell, site: str, can: int, written: str, noted: str
) -> None:
	lines = (
		'touch "$BENCH/hosts"; make_site_name_known; cat "$BENCH/hosts"; cat "$BENCH_STATE/notes" >&2 || true'
	)
	run = shell(f"{RESOLVER} SITE={site} CAN={can}; {lines}")
	assert (run.returncode, run.stdout) == (0, written)
	assert run.stderr.endswith(noted) if noted else "Add it" not in run.stderr


# --- script/test without a bench ---


def run_without_bench(
	tmp_path: Path, *arguments: str, programs: dict[str, str] | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
	"""Run script/test where there is no bench. pytest comes from here, as if fetched by an earlier run, and
	further `programs` are shell scripts.
	"""
	requirements = b"".join(
		(ROOT / name).read_bytes() for name in ("requirements-dev.txt", "requirements.txt")
	)
	name = hashlib.sha256(requirements).hexdigest()[:16]
	binaries = tmp_path / "cache" / "frappe-orchestrator" / f"venv-{name}" / "bin"
	binaries.mkdir(parents=True)
	bare = f'PYTHONPATH="{ROOT / "tests" / "without_bench"}" "{sys.executable}" "$@"'
	programs = dict.fromkeys(("python", "pytest"), f"exec env {bare}") | (programs or {})
	for program, lines in programs.items():
		(binaries / program).write_text(f"#!/bin/sh\n{lines}\n")
		(binaries / program).chmod(0o755)
	environment = {name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")}
	environment |= {
		"XDG_CACHE_HOME": str(tmp_path / "cache"),
		"PYTEST_ADDOPTS": "-p no:cacheprovider",
		"ORCHESTRATOR_BENCH": str(tmp_path / "bench"),
		"ORCHESTRATOR_BENCH_USER": get_unprivileged_user(),
		"ORCHESTRATOR_GIT_BASE": f"file://{tmp_path}/nowhere",
	}
	environment |= {f"ORCHESTRATOR_{name}": value for name, value in settings.items()}
	return subprocess.run(
		[ROOT / "script/test", *arguments],
		env=environment,
		capture_output=True,
		text=True,
		stdin=subprocess.DEVNULL,
	)


def test_without_a_bench_it_reports_skipped_tests_and_runs_the_rest(tmp_path: Path) -> None:
	run = run_without_bench(tmp_path, "tests/test_scripts.py", "-k", "is_pinned")
	said = run.stderr.splitlines()
	assert len(said) == 1
	assert said[0].startswith("Left out: every test that needs a site, because there is no bench of Frappe ")
	assert re.search(r"=+ 2 passed, \d+ deselected in [\d.]+s =+\s*$", run.stdout)
	assert run.returncode == 0
	assert not (tmp_path / "bench").exists()


def test_without_a_bench_every_file_is_read_or_left_out(tmp_path: Path) -> None:
	run = run_without_bench(tmp_path, "--collect-only", "-q")
	assert run.returncode == 0, run.stdout[-2000:]
	left_out = re.search(r"left out: (\d+) tests and (\d+) files of tests that need a site", run.stdout)
	assert left_out
	assert int(left_out[2]) > 0
	assert "test_scripts.py" in run.stdout


def test_a_whole_run_fails_at_a_finding_in_the_source_before_any_test(tmp_path: Path) -> None:
	programs = {"ruff": "echo lint.py:1:8: F401; exit 1", "shellcheck": "exit 0"}
	run = run_without_bench(tmp_path, programs=programs)
	assert (run.returncode, run.stdout) == (1, "")
	assert run.stderr.splitlines()[1].startswith("[ 1/2] Source: ruff, shellcheck ")
	assert "    lint.py:1:8: F401" in run.stderr
	assert 'Error: "Source: ruff, shellcheck" failed.' in run.stderr


def test_where_a_bench_is_required_its_absence_is_the_error(tmp_path: Path) -> None:
	run = run_without_bench(tmp_path, REQUIRE_BENCH="1")
	assert run.returncode in (parse_exit_codes()["EXIT_GIT"], parse_exit_codes()["EXIT_SUDO"])
	assert run.stderr.startswith("Error: ")
	assert run.stdout == ""


def test_a_run_that_finds_no_test_fails_and_says_so(tmp_path: Path) -> None:
	run = run_without_bench(tmp_path, "tests/test_scripts.py", "-k", "no_test_has_this_name")
	assert run.returncode == 5
	assert run.stderr.splitlines()[-1].startswith("Error: pytest found no test to run.")


def extract_function(name: str) -> str:
	function = re.search(rf"^{name}\(\) \{{\n.*?^\}}\n", (ROOT / "script/test").read_text(), re.M | re.S)
	assert function
	return function[0]


@pytest.mark.parametrize(
	("given", "passed"),
	[
		([], ["/there/tests"]),
		(["-q", "-x"], ["-q", "-x", "/there/tests"]),
		(["tests/test_scripts.py"], ["/there/tests/test_scripts.py"]),
		(["tests/test_scripts.py::test_x"], ["/there/tests/test_scripts.py::test_x"]),
		([f"{ROOT}/tests/test_scripts.py"], ["/there/tests/test_scripts.py"]),
		(["-k", "tests"], ["-k", "tests", "/there/tests"]),
	],
)
def test_a_named_test_is_found_wherever_the_checkout_is_read_from(
	shell: Shell, given: list[str], passed: list[str]
) -> None:
	function = extract_function("pytest_arguments")
	words = " ".join(f"'{word}'" for word in given)
	run = shell(f"{function}\npytest_arguments /there {words}\n" + 'printf "%s\\n" "${ARGUMENTS[@]}"')
	assert run.stdout.splitlines() == passed


# --- coverage ---


def test_without_a_bench_coverage_is_not_measured(tmp_path: Path) -> None:
	run = run_without_bench(tmp_path, "--coverage", "tests/test_scripts.py", "-k", "is_pinned")
	assert run.returncode == 0
	assert run.stderr.splitlines()[1:] == ["Coverage is not measured: without a site it says nothing."]
	assert re.search(r"=+ 2 passed, ", run.stdout)


# Two of four lines run.
HALF_RUN = """
import sys
if sys.argv[1:]:
	print(1)
	print(2)
"""


@pytest.fixture
def measured(tmp_path: Path, shell: Shell) -> Path:
	"""Return a checkout with coverage data of a process that ran one half of it, and of another one in a copy since deleted."""
	folder = tmp_path / "checkout"
	(folder / "orchestrator").mkdir(parents=True)
	(folder / "orchestrator" / "__init__.py").touch()
	(folder / "orchestrator" / "__main__.py").write_text(HALF_RUN)
	shutil.copy(ROOT / "pyproject.toml", folder)
	python = shell.bench / "env" / "bin" / "python"
	python.parent.mkdir(parents=True)
	python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
	python.chmod(0o755)
	data = shell.bench / ".orchestrator" / "coverage" / "data"
	data.parent.mkdir(parents=True)
	copy = shutil.copytree(folder, tmp_path / "copy")
	for place in (folder, copy):
		subprocess.run(
			[python, "-m", "coverage", "run", "--rcfile", place / "pyproject.toml", "-m", "orchestrator"],
			cwd=place, env={**os.environ, "COVERAGE_FILE": str(data)}, check=True,
		)  # fmt: skip
	shutil.rmtree(copy)
	return folder


@pytest.mark.parametrize(
	("whole_run", "tests", "status"),
	[
		pytest.param(1, 0, 2, id="whole-run-below-the-floor-fails"),
		pytest.param(0, 0, 0, id="part-of-the-tests-has-no-floor"),
		pytest.param(1, 1, 1, id="failed-tests-keep-their-exit-code"),
	],
)
def test_coverage_is_reported_with_a_floor_for_whole_runs(
	shell: Shell, measured: Path, whole_run: int, tests: int, status: int
) -> None:
	functions = extract_function("report_coverage") + extract_function("coverage_command")
	run = shell(
		f'{functions}\nLINKED={measured} WHOLE_RUN={whole_run} STATUS={tests}; report_coverage; echo "status $STATUS"'
	)
	assert re.search(r"^orchestrator/__main__\.py +4 +2 +50\.0%$", run.stdout, re.M)
	assert re.search(r"^TOTAL +4 +2 +50\.0%$", run.stdout, re.M)
	assert run.stdout.endswith(f"status {status}\n")


# --- the continuous runs ---


def test_both_continuous_runs_are_script_test_and_the_public_one_requires_a_bench() -> None:
	workflow = (ROOT / ".github/workflows/ci.yml").read_text()
	assert "script/test" in (ROOT / ".ci/run").read_text()
	assert "- run: .ci/run" in workflow
	assert 'ORCHESTRATOR_REQUIRE_BENCH: "1"' in workflow


def test_the_public_run_has_both_lines_and_both_databases() -> None:
	workflow = (ROOT / ".github/workflows/ci.yml").read_text()
	assert 'frappe: ["15", "16"]' in workflow
	assert 'mariadb: ["10.11", "11.8"]' in workflow
	assert "ORCHESTRATOR_FRAPPE: ${{ matrix.frappe }}" in workflow
	assert "image: mariadb:${{ matrix.mariadb }}" in workflow


def test_the_public_run_measures_coverage_once() -> None:
	workflow = (ROOT / ".github/workflows/ci.yml").read_text()
	assert workflow.count("arguments: --coverage") == 1
	assert "- run: .ci/run ${{ matrix.arguments }}" in workflow


class ContinuousRun:
	""".ci/run with a fake script/test that records its calls and exits as told."""

	def __init__(self, folder: Path) -> None:
		self.folder = folder
		(folder / ".ci").mkdir()
		(folder / "script").mkdir()
		shutil.copy(ROOT / ".ci/run", folder / ".ci/run")

	def __call__(self, test: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
		command = self.folder / "script/test"
		asked = 'echo "ran ${ORCHESTRATOR_FRAPPE:-its own} in ${ORCHESTRATOR_BENCH:-its own} with $*"'
		command.write_text(f"#!/usr/bin/env bash\n{asked}\n{test}\n")
		command.chmod(0o755)
		environment = {
			name: value for name, value in os.environ.items() if not name.startswith("ORCHESTRATOR_")
		}
		environment |= {f"ORCHESTRATOR_{name}": value for name, value in settings.items()}
		return subprocess.run(
			[self.folder / ".ci/run", *arguments],
			env=environment,
			capture_output=True,
			text=True,
			stdin=subprocess.DEVNULL,
		)


@pytest.fixture
def continuous_run(tmp_path: Path) -> ContinuousRun:
	return ContinuousRun(tmp_path)


def test_the_continuous_run_tests_both_lines_and_says_so(continuous_run: ContinuousRun) -> None:
	run = continuous_run("")
	runs = ((15, ""), (16, ""), (16, "--security"), (15, "--security"))
	assert run.stdout == "".join(f"ran {line} in its own with {argument}\n" for line, argument in runs)
	assert run.stderr.endswith(
		"--- What was run\nFrappe 15: passed.\nFrappe 16: passed.\n"
		"Frappe 16, the sweep for leaks: passed.\nFrappe 15, the sweep for leaks: passed.\n"
	)
	assert run.returncode == 0


def test_the_continuous_run_names_the_sweeps_it_has_no_time_for(
	continuous_run: ContinuousRun, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setenv("CI_MINUTES", "15")
	run = continuous_run("")
	assert run.stdout == "ran 15 in its own with \nran 16 in its own with \n"
	assert run.stderr.endswith(
		"Frappe 16: passed.\n"
		+ "".join(
			f"Frappe {line}, the sweep for leaks: left out, for lack of time. Run it by script/test --security.\n"
			for line in (16, 15)
		)
	)
	assert run.returncode == 0


def test_a_leak_fails_the_continuous_run(continuous_run: ContinuousRun) -> None:
	run = continuous_run("[[ $* != --security ]] || exit 1")
	assert "Frappe 15, the sweep for leaks: failed (exit code 1).\n" in run.stderr
	assert run.returncode == 1


def test_the_continuous_run_gives_each_line_a_bench_of_its_own(continuous_run: ContinuousRun) -> None:
	run = continuous_run("", BENCH="/srv/bench")
	assert run.stdout.splitlines()[:2] == ["ran 15 in /srv/bench with ", "ran 16 in /srv/bench-16 with "]


def test_the_continuous_run_goes_on_after_a_failed_line_and_fails(continuous_run: ContinuousRun) -> None:
	run = continuous_run("[[ $ORCHESTRATOR_FRAPPE == 16 ]] || exit 1")
	assert "Frappe 15: failed (exit code 1).\nFrappe 16: passed.\n" in run.stderr
	assert run.returncode == 1


def test_the_continuous_run_names_the_line_it_left_out_and_why(continuous_run: ContinuousRun) -> None:
	said = "Left out: every test that needs a site, because there is no bench of Frappe 16. No Python."
	run = continuous_run(f'[[ $ORCHESTRATOR_FRAPPE == 15 ]] || echo "{said}" >&2')
	assert f"{said}\n" in run.stderr
	assert run.stderr.endswith(
		"Frappe 15: passed.\nFrappe 16: left out, but for the tests that need no site, because there is no bench of "
		"Frappe 16. No Python.\nFrappe 15, the sweep for leaks: passed.\n"
	)
	assert run.returncode == 0


def test_the_continuous_run_of_one_line_or_of_named_tests_is_one_run(continuous_run: ContinuousRun) -> None:
	assert continuous_run("", FRAPPE="16").stdout == "ran 16 in its own with \n"
	assert continuous_run("exit 5", "-k", "crm").stdout == "ran its own in its own with -k crm\n"
	assert continuous_run("exit 5", "-k", "crm").returncode == 5
