"""Parse the Markdown pages of the documentation: prose, code, links and headings. No site, no Frappe."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.support.source import ROOT

PAGES = (*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^(#{1,6}) +(.+)$", re.MULTILINE)


class Block(NamedTuple):
	"""A fenced block: its language, its text, and the prose between it and the previous block."""

	language: str
	text: str
	introduction: str


def get_page_name(path: Path) -> str:
	return str(path.relative_to(ROOT))


@cache
def read_prose(path: Path) -> str:
	"""Return the text of a page without its fenced blocks. Line numbers stay."""
	return FENCE.sub(lambda block: "\n" * block[0].count("\n"), path.read_text())


def list_blocks(path: Path) -> Iterator[Block]:
	"""Yield the fenced blocks of a page, in order."""
	text, end = path.read_text(), 0
	for block in FENCE.finditer(text):
		yield Block(block[1], block[2], text[end : block.start()])
		end = block.end()


def list_code_spans(path: Path) -> Iterator[str]:
	"""Yield the texts in backticks, on one line."""
	for span in CODE_SPAN.findall(read_prose(path)):
		yield " ".join(span.split())


def list_links(path: Path) -> Iterator[str]:
	"""Yield the targets of links to other pages and to headings."""
	for target in LINK.findall(CODE_SPAN.sub("", read_prose(path))):
		if not re.match(r"\w+:", target):
			yield target


@cache
def list_anchors(path: Path) -> frozenset[str]:
	"""Return the anchors that GitHub gives to the headings of a page."""
	anchors: list[str] = []
	for _level, heading in HEADING.findall(read_prose(path)):
		anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
		earlier = anchors.count(anchor)
		anchors.append(f"{anchor}-{earlier}" if earlier else anchor)
	return frozenset(anchors)
