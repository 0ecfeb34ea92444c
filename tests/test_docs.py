"""The documentation agrees with the code: names and links resolve, and everything that the app offers is
documented.
"""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support import source
from tests.support.pages import (
	PAGES,
	get_page_name,
	list_anchors,
	list_blocks,
	list_code_spans,
	list_links,
	read_prose,
)
from tests.support.source import APP, ROOT

MAX_LINE_LENGTH = 100
OPERATIONS = ROOT / "docs" / "operations.md"
SETTINGS = ROOT / APP / APP / "doctype/orchestrator_settings/orchestrator_settings.json"
LAYOUT_FIELDS = ("Section Break", "Column Break", "Tab Break")
FILE_NAME = re.compile(r"[\w.-]+(/[\w.-]+)*\.(py|md|js|json|toml|txt|sh)|[\w.-]+(/[\w.-]+)*/")
DOTTED_NAME = re.compile(r"[A-Za-z_]\w*(\.\w+)+")
# Files of a site or of another app that the documentation mentions
FOREIGN_FILES = frozenset({"site_config.json"})
SITE_SUFFIX = ".localhost"


def parametrize_pages(test: object) -> object:
	return pytest.mark.parametrize("page", PAGES, ids=get_page_name)(test)  # type: ignore[arg-type]


@cache
def list_files() -> frozenset[str]:
	"""Return every file and folder of the checkout, by its path from the root."""
	folders = (ROOT / name for name in (APP, "tests", "docs", "script", "benchmarks", "clients", ".ci"))
	found = [path for folder in folders for path in folder.rglob("*")] + list(ROOT.glob("*"))
	return frozenset(str(path.relative_to(ROOT)) for path in found)


def is_file(name: str) -> bool:
	"""Return True for a path from the root, the app or the tests, and for the plain name of any file."""
	name = name.rstrip("/")
	known = list_files()
	if name in FOREIGN_FILES or any(f"{parent}{name}" in known for parent in ("", f"{APP}/", "tests/")):
		return True
	return "/" not in name and any(path.endswith(f"/{name}") for path in known)


def is_path_of_checkout(span: str) -> bool:
	first = span.split("/")[0]
	return "/" not in span or any(f"{parent}{first}" in list_files() for parent in ("", f"{APP}/", "tests/"))


@cache
def list_module_stems() -> dict[str, tuple[str, ...]]:
	"""Return the modules of the app by the last part of their name."""
	stems: dict[str, tuple[str, ...]] = {}
	for module in source.list_modules():
		stem = module.rpartition(".")[2]
		stems[stem] = (*stems.get(stem, ()), module)
	return stems


@cache
def list_names(module: str) -> frozenset[str]:
	"""Return what a module defines or imports at its top level."""
	names = {path.rpartition(".")[2] for path in source.list_getattr_targets(module)}
	for node in source.parse_module(module).body:
		if isinstance(node, source.Function | ast.ClassDef):
			names.add(node.name)
		elif isinstance(node, ast.Import | ast.ImportFrom):
			names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
		elif isinstance(node, ast.Assign | ast.AnnAssign):
			targets = node.targets if isinstance(node, ast.Assign) else [node.target]
			names.update(target.id for target in targets if isinstance(target, ast.Name))
	return frozenset(names)


def is_defined(path: str) -> bool:
	module, _, name = path.rpartition(".")
	return path in source.list_modules() or (module in source.list_modules() and name in list_names(module))


@cache
def list_overridden_methods() -> frozenset[str]:
	return frozenset(source.get_constant(f"{APP}.hooks", "override_whitelisted_methods"))


def is_known_name(name: str) -> bool:
	"""Return True for a name of the app that is defined, and for a name that is not the app's.

	A name may leave out `orchestrator`, or all but the last module: `errors.STATUS_BY_NAME`."""
	first, _, rest = name.partition(".")
	if first == APP:
		return is_defined(name) or name in list_overridden_methods()
	if is_defined(f"{APP}.{name}") or name in list_overridden_methods():
		return True
	modules = list_module_stems().get(first, ())
	return not modules or any(is_defined(f"{module}.{rest}") for module in modules)


def is_added_by_page(page: Path, name: str) -> bool:
	"""Return True for a function that a diff on the page adds."""
	added = f"+def {name.rpartition('.')[2]}("
	return any(added in block.text for block in list_blocks(page) if block.language == "diff")


@parametrize_pages
def test_named_files_exist(page: Path) -> None:
	spans = [span for span in list_code_spans(page) if FILE_NAME.fullmatch(span)]
	missing = [span for span in spans if is_path_of_checkout(span) and not is_file(span)]
	assert missing == []


@parametrize_pages
def test_dotted_names_are_defined(page: Path) -> None:
	spans = {span.removesuffix("()").removesuffix(".*") for span in list_code_spans(page)}
	names = {span for span in spans if DOTTED_NAME.fullmatch(span) and not FILE_NAME.fullmatch(span)}
	names = {name for name in names if not name.endswith(SITE_SUFFIX)}
	unknown = {name for name in names if not is_known_name(name)}
	assert {name for name in unknown if not is_added_by_page(page, name)} == set()


@parametrize_pages
def test_links_and_anchors_lead_somewhere(page: Path) -> None:
	broken = []
	for link in list_links(page):
		path, _, anchor = link.partition("#")
		target = (page.parent / path).resolve() if path else page
		if not target.exists() or (anchor and anchor not in list_anchors(target)):
			broken.append(link)
	assert broken == []


@parametrize_pages
def test_prose_is_wrapped(page: Path) -> None:
	"""Tables, headings and code keep their lines; a link longer than a line is alone on its line."""
	lines = read_prose(page).split("\n")
	long = [line for line in lines if len(line) > MAX_LINE_LENGTH and not line.startswith(("|", "#"))]
	assert [line for line in long if " " in line.strip().removeprefix("- ")] == []


def list_settings() -> Iterator[tuple[str, str]]:
	for field in json.loads(SETTINGS.read_text())["fields"]:
		if field["fieldtype"] not in LAYOUT_FIELDS:
			yield field["fieldname"], field["label"]


def list_hooks() -> Iterator[str]:
	"""Yield the hooks of the app that other apps may define as well."""
	for node in source.parse_module(f"{APP}.hooks").body:
		for target in node.targets if isinstance(node, ast.Assign) else ():
			if isinstance(target, ast.Name) and target.id.startswith(f"{APP}_"):
				yield target.id


def list_commands() -> Iterator[str]:
	"""Yield the commands of `bench orchestrator`."""
	for module in source.list_modules():
		if module.startswith(f"{APP}.commands"):
			for node in source.parse_module(module).body:
				for decorator in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
					if source.get_decorator_name(decorator) in ("click.command", f"{APP}.command"):
						given = decorator.args if isinstance(decorator, ast.Call) else []
						yield ast.literal_eval(given[0]) if given else node.name  # type: ignore[attr-defined]


def list_scheduled_jobs() -> Iterator[str]:
	events = source.get_constant(f"{APP}.hooks", "scheduler_events")
	for jobs in (*events.pop("cron").values(), *events.values()):
		yield from jobs


def test_every_setting_is_documented_with_its_label() -> None:
	rows = [line for line in OPERATIONS.read_text().split("\n") if line.startswith("|")]
	missing = [
		name for name, label in list_settings() if not any(f"| {label} | `{name}` |" in row for row in rows)
	]
	assert missing == []


@pytest.mark.parametrize("hook", list(list_hooks()))
def test_every_hook_for_other_apps_is_documented(hook: str) -> None:
	assert hook in list_code_spans(ROOT / "docs" / "architecture.md")


@pytest.mark.parametrize("command", list(list_commands()))
def test_every_command_is_documented(command: str) -> None:
	assert command in list_code_spans(OPERATIONS)


@pytest.mark.parametrize("job", list(list_scheduled_jobs()))
def test_every_scheduled_job_is_documented(job: str) -> None:
	assert job.removeprefix(f"{APP}.") in list_code_spans(OPERATIONS)


def test_words_of_the_glossary_are_used_in_code() -> None:
	code = "\n".join(
		path.read_text().lower()
		for path in (ROOT / APP).rglob("*")
		if path.suffix in (".py", ".json", ".js") and path.is_file()
	)
	rows = [line.split("|") for line in (ROOT / "docs/glossary.md").read_text().split("\n")]
	words = [word for row in rows if len(row) > 3 for word in re.findall(r"`([^`]+)`", row[2])]
	assert [word for word in words if word.lower() not in code] == []


def test_changelog_has_the_version_below_an_unreleased_section() -> None:
	headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
	assert headings[0] == "Unreleased"
	assert re.fullmatch(
		re.escape(source.get_constant(APP, "__version__")) + r" - \d{4}-\d{2}-\d{2}", headings[1]
	)


def test_every_decision_is_in_the_index() -> None:
	folder = ROOT / "docs" / "decisions"
	written = {path.name for path in folder.glob("[0-9]*.md")}
	assert written == set(list_links(folder / "README.md"))
