"""Imports: the network code imports neither Frappe nor code that writes, and the simulator nothing of the
client.
"""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "orchestrator"
PURE = ["doctypes.py", "iso8601.py", "sync/errors.py"]
PURE += [f"sync/http/{name}.py" for name in ("http_session", "allowed_hosts", "redaction")]
PURE += [
	f"sync/kipu/{name}.py" for name in ("auth", "client", "fields", "mapping", "pages", "records", "values")
]
PURE += [
	f"sync/kipu/{name}.py"
	for name in ("findings", "examination", "sample", "credential_probes", "time_zones")
]
SIMULATOR = sorted(f"kipu_simulator/{path.name}" for path in (PACKAGE / "kipu_simulator").glob("*.py"))
# Parsing and mapping touch no network.
OFFLINE = [f"sync/kipu/{name}.py" for name in ("fields", "values", "records", "mapping", "auth", "sample")]
OFFLINE += ["sync/http/redaction.py"]


def list_imports(path: str) -> set[str]:
	found: set[str] = set()
	for node in ast.walk(ast.parse((PACKAGE / path).read_text())):
		if isinstance(node, ast.Import):
			found |= {alias.name for alias in node.names}
		elif isinstance(node, ast.ImportFrom):
			assert node.level == 0, f"{path} imports relatively"
			found.add(node.module)
	return found


@pytest.mark.parametrize("path", PURE + SIMULATOR)
def test_the_network_side_does_not_import_frappe(path):
	assert not {name for name in list_imports(path) if name.split(".")[0] in ("frappe", "erpnext", "hrms")}


@pytest.mark.parametrize("path", PURE)
def test_http_and_kipu_packages_import_no_other_package_of_the_app(path):
	own = {f"orchestrator.{name.removesuffix('.py').replace('/', '.')}" for name in PURE}
	assert {name for name in list_imports(path) if name.startswith("orchestrator")} <= own


@pytest.mark.parametrize("path", SIMULATOR)
def test_the_simulator_shares_no_code_with_the_client(path):
	ours = {name for name in list_imports(path) if name.startswith("orchestrator")}
	assert all(name.startswith("orchestrator.kipu_simulator") for name in ours)


@pytest.mark.parametrize("path", OFFLINE)
def test_parsing_and_mapping_touch_no_network(path):
	assert not list_imports(path) & {
		"requests",
		"urllib3",
		"socket",
		"http.client",
		"orchestrator.sync.http.http_session",
	}
