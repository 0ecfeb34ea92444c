"""The type of a file, detected by its first bytes, and checked against its name. No site is needed except for
translations.
"""

import codecs
import mimetypes
import re
import zipfile
from pathlib import Path
from typing import NamedTuple, NoReturn

import filetype

from frappe import _

from orchestrator.docs.errors import InvalidFileError
from orchestrator.exceptions import refuse

HEAD = 8192
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
OPEN_XML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
WORD = f"{OPEN_XML}wordprocessingml.document"
# Types that filetype detects by their first bytes. For other types, the name decides.
RECOGNIZED = frozenset(
	{
		"application/gzip", "application/zip", "image/gif", "image/jpeg", "image/png", "image/tiff", "image/webp",
	}
)  # fmt: skip
BIG_TIFF = (b"II+\x00", b"MM\x00+")  # filetype knows the smaller kind only
# Containers of Office files, several of which are valid for a type and which hold more than one.
OFFICE_CONTAINERS: dict[str, tuple[bytes, ...]] = {
	"application/msword": (OLE, b"{\\rtf"),
	"application/vnd.ms-excel": (OLE,),
	"application/vnd.ms-powerpoint": (OLE,),
}
TEXTUAL = frozenset({"application/json", "application/xml", "application/javascript", "image/svg+xml"})
PDF = "application/pdf"
PDF_MARK = b"%PDF-"
PDF_MARK_WITHIN = (
	1024  # readers search that far, because a BOM, line ends or printer commands may come before
)
LOOKS_LIKE_PDF = re.compile(rb"\s*%PDF-\d\.\d")
# Binary types whose files may have no zero byte at their beginning.
BINARY_WITHOUT_ZEROS = ("application/gzip", "application/zip", "image/jpeg", "image/png")
PRINTABLE = frozenset((*b"\t\n\f\r", *range(0x20, 0x100)))
WRITTEN_AS_TEXT = frozenset({"application/rtf", "application/postscript"})
BOM = b"\xef\xbb\xbf"
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")  # UTF-16 and UTF-32 have zeros
# Extensions of compression, after that of the compressed file, such as .csv.gz.
TYPE_OF_COMPRESSION = {
	"gzip": "application/gzip",
	"bzip2": "application/x-bzip2",
	"xz": "application/x-xz",
	"compress": "application/x-compress",
	"br": "application/x-brotli",
}
MEDIA_TYPE = re.compile(r"[\w.+-]{1,127}/[\w.+-]{1,127}", re.ASCII)
# An archive beyond these limits is probably meant to fill the disk.
MAX_UNPACKED = 1024 * 1024 * 1024
MAX_RATIO = 200
MAX_MEMBERS = 20_000


class MediaType(NamedTuple):
	"""A media type, and whether the content confirms it."""

	type: str
	fits: bool


def get_type_by_name(file_name: str) -> str | None:
	"""Return the media type of a file name."""
	media_type, compression = mimetypes.guess_type(file_name, strict=False)
	return TYPE_OF_COMPRESSION.get(compression, UNKNOWN) if compression else media_type


def _parse_declared_type(declared: str | None) -> str | None:
	"""Return the type that the sender declared, None if that is meaningless."""
	if not declared or declared == UNKNOWN or not MEDIA_TYPE.fullmatch(declared):
		return None
	return declared.lower()


def detect_type(head: bytes, file_name: str, declared: str | None = None) -> MediaType:
	"""Return the type of a file that begins with `head`. It is consistent unless its name requires other
	content. The declared type counts only if the name has no known extension, because many systems invent it.
	"""
	expected = get_type_by_name(file_name) or _parse_declared_type(declared)
	return MediaType(
		expected or _detect_type_by_bytes(head), expected is None or is_consistent(head, expected)
	)


def is_consistent(head: bytes, claim: str) -> bool:
	"""Return True if content that begins with `head` may be of the type `claim`."""
	if claim == PDF:
		return PDF_MARK in head[:PDF_MARK_WITHIN]
	if claim.startswith((OPEN_XML, OPEN_DOCUMENT)):
		return head.startswith(ZIP)
	if containers := OFFICE_CONTAINERS.get(claim):
		return head.removeprefix(BOM).lstrip(b"\r\n\t ").startswith(containers)
	if claim in RECOGNIZED:
		return _is_recognized(head, claim) or (claim == "image/tiff" and head.startswith(BIG_TIFF))
	return _is_text(head) if is_textual(claim) else True


def _is_recognized(head: bytes, media_type: str) -> bool:
	return bool(filetype.get_type(mime=media_type).match(head))


def is_binary_container(head: bytes) -> bool:
	"""Return True for the beginning of a binary file, even without a zero byte in it."""
	return head.startswith(OLE) or any(_is_recognized(head, each) for each in BINARY_WITHOUT_ZEROS)


def is_textual(media_type: str) -> bool:
	return media_type.startswith("text/") or media_type in TEXTUAL


def _is_text(head: bytes) -> bool:
	"""Return True if content that begins with `head` may be text, in whatever encoding."""
	if is_binary_container(head) or LOOKS_LIKE_PDF.match(head.removeprefix(BOM)):
		return False
	return head.startswith(WIDE_MARKS) or b"\x00" not in head or is_utf16(head)


def is_utf16(head: bytes) -> bool:
	"""Return True if every other byte of `head` is mostly zero and the rest printable: UTF-16 of a Latin
	text, without a byte order mark.
	"""
	if len(head) % 2:
		return False
	for high, low in ((head[0::2], head[1::2]), (head[1::2], head[0::2])):
		if high.count(0) * 2 > len(high) and PRINTABLE.issuperset(low):
			return True
	return False


def _detect_type_by_bytes(head: bytes) -> str:
	"""Return the type indicated by the first bytes."""
	if LOOKS_LIKE_PDF.match(head.removeprefix(BOM)):
		return PDF
	guess = filetype.guess_mime(head)
	if guess and (guess in WRITTEN_AS_TEXT or not is_utf8(head)):
		return guess
	return TEXT if _is_text(head) else UNKNOWN


def is_utf8(head: bytes) -> bool:
	"""Return True if `head` is UTF-8 text, possibly cut within a character. No picture or archive is, so that
	this proves more than a signature of two or three letters such as BM.
	"""
	try:
		codecs.getincrementaldecoder("utf-8")().decode(head)
	except UnicodeDecodeError:
		return False
	return b"\x00" not in head


def get_extension(head: bytes, declared: str | None = None) -> str:
	"""Return the usual extension of the declared type if the content is consistent with it, otherwise of the
	detected type.
	"""
	claim = _parse_declared_type(declared)
	extension = mimetypes.guess_extension(claim) if claim and is_consistent(head, claim) else None
	return extension or mimetypes.guess_extension(_detect_type_by_bytes(head)) or ".bin"


def refuse_mismatch(file_name: str, head: bytes) -> NoReturn:
	refuse(
		_(
			"The content of {0} does not match its name or declared type: it looks like {1}. Send it with the correct name."
		).format(file_name, _detect_type_by_bytes(head)),
		InvalidFileError,
	)


def check_archive(path: Path, media_type: str, file_name: str) -> None:
	"""Raise 422 for an invalid archive, or one (also a Word file) that would unpack to far more than its
	size.
	"""
	try:
		with zipfile.ZipFile(path) as archive:
			members = archive.infolist()
	except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
		if media_type == "application/zip" or media_type.startswith((OPEN_XML, OPEN_DOCUMENT)):
			refuse(
				_("{0} is damaged: it cannot be opened. Send it again.").format(file_name), InvalidFileError
			)
		return
	unpacked = sum(member.file_size for member in members)
	packed = max(path.stat().st_size, 1)
	if (
		len(members) > MAX_MEMBERS
		or unpacked > MAX_UNPACKED
		or (unpacked > MAX_RATIO * packed and unpacked > MAX_UNPACKED // 16)
	):
		refuse(
			_(
				"{0} would unpack to {1} MB, which is more than this site accepts. Send its content in parts."
			).format(file_name, unpacked // (1024 * 1024)),
			InvalidFileError,
		)
