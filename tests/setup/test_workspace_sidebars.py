"""Frappe 16 shows a workspace's links in a sidebar, and an icon on the desktop: from files that Frappe 15
ignores.
"""

import json
from typing import Any

import pytest

from tests.support.source import ROOT

PACKAGE = ROOT / "orchestrator"
WORKSPACES = ("orchestrator", "clients")


def _load(*parts: str) -> dict[str, Any]:
	content: dict[str, Any] = json.loads(PACKAGE.joinpath(*parts).read_text())
	return content


@pytest.mark.parametrize("name", WORKSPACES)
def test_sidebar_holds_the_links_of_its_workspace(name: str) -> None:
	workspace = _load("orchestrator", "workspace", name, f"{name}.json")
	sidebar = _load("workspace_sidebar", f"{name}.json")
	expected = [
		("Section Break", link["label"], None)
		if link["type"] == "Card Break"
		else ("Link", link["label"], link["link_to"])
		for link in workspace["links"]
	]
	home, *items = sidebar["items"]
	assert (home["link_type"], home["link_to"]) == ("Workspace", workspace["name"])
	assert [(item["type"], item["label"], item.get("link_to")) for item in items] == expected


@pytest.mark.parametrize("name", WORKSPACES)
def test_desktop_icon_opens_the_sidebar(name: str) -> None:
	icon, sidebar = _load("desktop_icon", f"{name}.json"), _load("workspace_sidebar", f"{name}.json")
	assert (icon["link_type"], icon["link_to"]) == ("Workspace Sidebar", sidebar["name"])
	assert icon["app"] == sidebar["app"] == "orchestrator"
