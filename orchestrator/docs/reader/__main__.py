"""Print the text of a file: `__main__.py PATH TYPE MAX-CHARACTERS`. A separate process with limits that the
kernel enforces; it imports nothing of Frappe. Exit code 3: files of this type have no text.
"""

import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 45
NO_TEXT = 3
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
WORD_NAMESPACE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
WORD_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
MAX_PART = 100 * 1024 * 1024
TEXTUAL = ("application/json", "application/xml")
ENCODINGS = ("utf-8-sig", "utf-16", "cp1252")


def main() -> int:
	path, media_type, longest = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
	resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
	resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
	pieces = _extract_pieces(path, media_type, longest)
	if pieces is None:
		return NO_TEXT
	written = 0
	for piece in pieces:
		sys.stdout.buffer.write(piece[: longest - written].encode("utf-8", "replace"))
		written += len(piece)
		if written >= longest:
			break
	return 0


def _extract_pieces(path: Path, media_type: str, longest: int) -> Iterator[str] | None:
	if media_type == "application/pdf":
		return _extract_pdf(path)
	if media_type == WORD:
		return _extract_word(path)
	if media_type.startswith("text/") or media_type in TEXTUAL:
		return extract_text(path, longest)
	return None


def _extract_pdf(path: Path) -> Iterator[str]:
	from pypdf import PdfReader

	for page in PdfReader(path).pages:
		yield page.extract_text() + "\n"


def _extract_word(path: Path) -> Iterator[str]:
	with zipfile.ZipFile(path) as archive:
		for part in WORD_PARTS:
			if part in archive.namelist():
				yield from _extract_word_part(archive, part)


def _extract_word_part(archive: zipfile.ZipFile, part: str) -> Iterator[str]:
	"""Yield the text of each paragraph.

	A part whose declared size is too large is not opened, and one larger than declared is no valid zip to
	Python. Entities, which these files never need, are disabled in the parser.
	"""
	if archive.getinfo(part).file_size > MAX_PART:
		raise ValueError("part too large")
	with archive.open(part) as source:
		for _event, element in ElementTree.iterparse(source):  # noqa: S314  # limits above; expat stops expansion
			if element.tag == f"{WORD_NAMESPACE}p":
				yield "".join(_extract_words(element)) + "\n"
				element.clear()


def _extract_words(paragraph: ElementTree.Element) -> Iterator[str]:
	for element in paragraph.iter():
		if element.tag == f"{WORD_NAMESPACE}t":
			yield element.text or ""
		elif element.tag in (f"{WORD_NAMESPACE}tab", f"{WORD_NAMESPACE}br"):
			yield " "


def extract_text(path: Path, longest: int) -> Iterator[str]:
	with path.open("rb") as file:
		raw = file.read(4 * longest)
	for encoding in ENCODINGS:
		try:
			yield raw.decode(encoding)
			return
		except UnicodeDecodeError as error:
			if error.end == len(raw) == 4 * longest:  # cut in the middle of a character
				yield raw[: error.start].decode(encoding)
				return
	yield raw.decode("latin-1")


if __name__ == "__main__":
	sys.exit(main())
