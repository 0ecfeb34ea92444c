"""The plain text of HTML, for columns that hold HTML."""

import re
from typing import Any

from bs4 import BeautifulSoup

HTML_TYPES = frozenset({"HTML", "HTML Editor", "Text Editor"})
BLOCKS = (
	"p",
	"div",
	"li",
	"tr",
	"h1",
	"h2",
	"h3",
	"h4",
	"h5",
	"h6",
	"blockquote",
	"pre",
	"table",
	"ul",
	"ol",
)
HIDDEN_TAGS = ("script", "style", "head", "template")
EMPTY_LINES = re.compile(r"\s*\n\s*")


def to_text(html: str) -> str:
	"""Return the visible text of the HTML, a line for each block, without markup."""
	soup: Any = BeautifulSoup(html, "html.parser")
	for tag in soup(HIDDEN_TAGS):
		tag.decompose()
	for tag in soup("br"):
		tag.replace_with("\n")
	for tag in soup(BLOCKS):
		tag.append("\n")
	for cell in soup(("td", "th")):
		cell.append(" ")
	return EMPTY_LINES.sub("\n", soup.get_text()).strip()
