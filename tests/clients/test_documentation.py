"""docs/clients.md is true: its commands and its code run against the site."""

import re
from pathlib import Path

import pytest

import frappe

from tests.clients.conftest import Token
from tests.support.api_clients import Packages, run_command
from tests.support.gateway import Gateway
from tests.support.pages import list_blocks
from tests.support.source import ROOT

PAGE = ROOT / "docs" / "clients.md"
TSCONFIG = """{"compilerOptions": {"strict": true, "skipLibCheck": true, "target": "ES2022", "module": "NodeNext", "outDir": "out",
"lib": ["ES2023", "DOM", "DOM.Iterable"], "types": ["node"], "typeRoots": ["%s"]}, "include": ["*.ts"]}"""


NAME = "Jane Smith"  # of the page: each run has another one


@pytest.fixture
def settings(gateway: Gateway, seller: Token, site: str) -> dict[str, str]:
	"""The variables that the page names."""
	return {
		"ORCHESTRATOR_URL": gateway.base,
		"ORCHESTRATOR_API_KEY": seller[0],
		"ORCHESTRATOR_API_SECRET": seller[1],
	}


def read_code(language: str, mark: str) -> str:
	"""Return the blocks of a language, which together are one program."""
	code = "\n".join(block.text for block in list_blocks(PAGE) if block.language == language)
	return code.replace(NAME, f"{NAME} {mark}")


def check_output(text: str, mark: str, *last: str) -> None:
	"""Assert that a program printed what the page promises."""
	summary, name, found, error, *rest = text.splitlines()
	assert re.fullmatch(r"\d+(\.\d+)? [A-Z]{3}", summary)
	assert (name, found.lower()) == (f"{NAME} {mark}", "found true")
	assert error == "404 DoesNotExistError Lead no-such-lead not found."
	assert tuple(rest) == last


def test_python_code_runs(packages: Packages, settings: dict[str, str], mark: str, tmp_path: Path) -> None:
	program = tmp_path / "program.py"
	program.write_text(read_code("python", mark))
	check_output(run_command([packages.python, program], **settings), mark, "True")
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": f"{NAME} {mark}"}) == 2


def test_typescript_code_compiles_and_runs(
	packages: Packages, settings: dict[str, str], mark: str, tmp_path: Path
) -> None:
	"""The package is installed as the page says, and needs no other one at run time."""
	(tmp_path / "package.json").write_text('{"private": true, "type": "module"}')
	install = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--silent", packages.typescript]
	run_command(install, cwd=tmp_path)
	assert [folder.name for folder in (tmp_path / "node_modules").glob("[!.]*")] == [
		"frappe-orchestrator-client"
	]
	(tmp_path / "program.ts").write_text(read_code("ts", mark))
	(tmp_path / "tsconfig.json").write_text(TSCONFIG % packages.get_node_script("@types"))
	run_command(["node", packages.get_node_script("typescript/bin/tsc"), "--project", tmp_path])
	check_output(run_command(["node", tmp_path / "out" / "program.js"], **settings), mark)
	frappe.db.rollback()
	assert frappe.db.count("Lead", {"lead_name": f"{NAME} {mark}"}) == 1


def test_commands_are_those_that_the_tests_run() -> None:
	assert [
		line for block in list_blocks(PAGE) if block.language == "sh" for line in block.text.splitlines()
	] == [
		'script/clients --url "$ORCHESTRATOR_URL"',
		"pip install dist/clients/python",
		"npm install dist/clients/typescript",
	]
