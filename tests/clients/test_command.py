"""script/clients without a site: what it refuses, and what it writes beside the generators' code."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.source import ROOT

COMMAND = ROOT / "script" / "clients"
KEY = {"ORCHESTRATOR_API_KEY": "key", "ORCHESTRATOR_API_SECRET": "secret"}

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="script/clients needs Python 3.11")


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
	"""The command's module of that name."""
	monkeypatch.syspath_prepend(str(ROOT / "script/lib/python/clients"))
	import contract

	return contract


def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
	variables = {name: value for name, value in os.environ.items() if name not in KEY}
	path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
	return subprocess.run(
		[str(COMMAND), *arguments],
		env={**variables, "PATH": path, **(environment or {})},
		capture_output=True,
		text=True,
	)


@pytest.mark.parametrize(
	("arguments", "environment", "message"),
	[
		([], {}, "one of the arguments --url --document --install is required"),
		(["--url", "https://erp.example.com", "--document", "openapi.json"], {}, "not allowed with argument"),
		(["--url", "erp.example.com"], KEY, "erp.example.com is no address of a site"),
		(["--url", "file:///etc/passwd"], KEY, "file:///etc/passwd is no address of a site"),
		(["--url", "http://127.0.0.1:9"], {}, "Set ORCHESTRATOR_API_KEY and ORCHESTRATOR_API_SECRET"),
		(["--url", "http://127.0.0.1:9"], KEY, "http://127.0.0.1:9 does not answer"),
		(["--document", "/nowhere/openapi.json"], {}, "/nowhere/openapi.json cannot be read: No such file"),
		(["--document", str(ROOT / "README.md")], {}, "README.md is no OpenAPI document in JSON"),
		(["--document", str(ROOT / "apps.json")], {}, "apps.json is no OpenAPI document in JSON"),
	],
)
def test_refusal_says_what_to_do(
	arguments: list[str], environment: dict[str, str], message: str, tmp_path: Path
) -> None:
	"""Refused before anything is downloaded or written."""
	cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
	result = run(*arguments, "--output", str(tmp_path / "out"), environment={**environment, **cache})
	assert (result.returncode, message in result.stderr) == (2, True), result.stderr
	assert list(tmp_path.iterdir()) == []


def build_document(*errors: tuple[str, str, str]) -> dict[str, Any]:
	responses: dict[str, Any] = {"200": {"description": "Done."}}
	for status, name, reason in errors:
		responses.setdefault(status, {"x-error-types": {}})["x-error-types"][name] = reason
	operation = {"parameters": [{"name": "cursor"}, {"$ref": "#/x"}], "responses": responses}
	path = "/api/method/frappe.client.get_list"
	return {"openapi": "3.1.0", "info": {"version": "2.3.4"}, "paths": {path: {"get": operation}}}


def test_contract_has_a_class_for_each_named_error(contract: ModuleType) -> None:
	document = build_document(
		("409", "ConflictError", "Busy."),
		("409", "StageConflictError", 'A "stage".'),
		("501", "MissingAppError", "No app."),
		("418", "TeapotError", "*/ Short and stout."),
	)
	facts = contract.parse_contract(document)
	assert (facts.version, facts.lists_have_cursors) == ("2.3.4", True)
	assert [(error.name, error.base) for error in facts.errors] == [
		("MissingAppError", "ServerError"),
		("StageConflictError", "ConflictError"),
		("TeapotError", "ApiError"),
	]
	names: dict[str, Any] = {"__package__": "client", "statuses": make_statuses()}
	exec(contract.render_python(facts).replace("from .. import statuses", ""), names)  # noqa: S102
	assert names["StageConflictError"].__doc__ == '409: A "stage".'
	assert names["ERROR_BY_TYPE"].keys() == {error.name for error in facts.errors}
	assert "/** 418: * / Short and stout. */" in contract.render_typescript(facts)


def make_statuses() -> ModuleType:
	"""Return a module with the classes of the statuses."""
	module = ModuleType("statuses")
	source = ROOT / "clients/python/orchestrator_client/statuses.py"
	exec(source.read_text(), module.__dict__)  # noqa: S102
	return module


def test_reason_that_differs_between_operations_is_an_example(contract: ModuleType) -> None:
	document = build_document(("409", "StageConflictError", "Busy."))
	document["paths"]["/other"] = build_document(("409", "StageConflictError", "Closed."))["paths"][
		contract.LIST_PATH
	]
	(error,) = contract.parse_contract(document).errors
	assert error.description == "409, for example: Busy."


def test_error_name_that_is_no_identifier_is_refused(contract: ModuleType) -> None:
	with pytest.raises(Exception, match="is no name of a class of errors"):
		contract.parse_contract(build_document(("409", "X: pass\nimport os #", "Busy.")))


def test_classes_of_the_statuses_are_the_same_everywhere(contract: ModuleType) -> None:
	statuses = make_statuses()
	python = {status: cls.__name__ for status, cls in statuses.ERROR_BY_STATUS.items()}
	typescript = (ROOT / "clients/typescript/src/statuses.ts").read_text()
	assert python == contract.CLASS_BY_STATUS
	assert [f"\t{status}: {name}," for status, name in python.items()] == [
		line for line in typescript.splitlines() if line.startswith("\t") and line[1:4].isdigit()
	]


def test_folder_that_is_no_client_is_left_alone(contract: ModuleType, tmp_path: Path) -> None:
	import packages
	from problems import ClientsError

	mine = tmp_path / "python" / "letter.txt"
	mine.parent.mkdir()
	mine.write_text("Dear Jane")
	with pytest.raises(ClientsError, match="is there and is no client"):
		packages._copy(ROOT / "clients" / "python", tmp_path / "python", "pyproject.toml")
	assert mine.read_text() == "Dear Jane"


def test_locks_name_no_registry() -> None:
	"""Whoever installs uses the registry of their own settings, and the exact versions of the lock."""
	packages = json.loads((ROOT / "clients/typescript/package-lock.json").read_text())["packages"]
	downloaded = [entry for name, entry in packages.items() if name]
	assert all("resolved" not in entry and entry["integrity"].startswith("sha512-") for entry in downloaded)
	pins = (ROOT / "clients/python/generator-requirements.txt").read_text().splitlines()
	assert all("==" in pin for pin in pins if not pin.startswith("#"))
