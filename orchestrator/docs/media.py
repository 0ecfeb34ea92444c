"""What a file is: told by its first bytes, and refused where its name says something else. No site needed, but for the
words."""

import mimetypes
import zipfile
from pathlib import Path
from typing import NamedTuple, NoReturn

import filetype

from frappe import _

from orchestrator.docs.errors import UnfitFile
from orchestrator.exceptions import refuse

HEAD = 8192
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OPEN_XML = "application/vnd.openxmlformats-officedocument."
OPEN_DOCUMENT = "application/vnd.oasis.opendocument."
WORD = f"{OPEN_XML}wordprocessingml.document"
# What files of a type begin with. Of other types nothing is known, and their names are believed.
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
	"application/pdf": (b"%PDF-",),
	"application/zip": ZIP,
	"application/gzip": (b"\x1f\x8b",),
	"application/msword": (OLE, b"{\\rtf"),
	"application/vnd.ms-excel": (OLE,),
	"application/vnd.ms-powerpoint": (OLE,),
	"image/gif": (b"GIF87a", b"GIF89a"),
	"image/jpeg": (b"\xff\xd8\xff",),
	"image/png": (b"\x89PNG\r\n\x1a\n",),
	"image/tiff": (b"II*\x00", b"MM\x00*"),
	"image/webp": (b"RIFF",),
}
TEXTUAL = frozenset({"application/json", "application/xml", "application/javascript", "image/svg+xml"})
WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")  # UTF-16 has zeros
# An archive beyond these is made to fill a disk, not to hold documents.
MAX_UNPACKED = 1024 * 1024 * 1024
MAX_RATIO = 200
MAX_MEMBERS = 20_000


class Media(NamedTuple):
	"""A type, and whether the bytes bear it out."""

	type: str
	fits: bool


def of_name(file_name: str) -> str | None:
	"""The type that a file name tells."""
	return mimetypes.guess_type(file_name, strict=False)[0]


def examine(head: bytes, file_name: str, declared: str | None = None) -> Media:
	"""The type of a file that begins with `head`. It fits unless its name, or what its sender declared, tells of bytes
	that are not there."""
	told = of_name(file_name)
	claims = [claim for claim in (told, declared) if claim and claim != UNKNOWN]
	fits = all(bears_out(head, claim) for claim in claims)
	return Media(told or of_bytes(head), fits)


def bears_out(head: bytes, claim: str) -> bool:
	if claim.startswith((OPEN_XML, OPEN_DOCUMENT)):
		return head.startswith(ZIP)
	if beginnings := BEGINNINGS.get(claim):
		return head.startswith(beginnings)
	return is_text(head) if is_textual(claim) else True


def is_textual(media_type: str) -> bool:
	return media_type.startswith("text/") or media_type in TEXTUAL


def is_text(head: bytes) -> bool:
	if head.startswith(WIDE_MARKS):
		return True
	return b"\x00" not in head and not any(
		head.startswith(mark) for marks in BEGINNINGS.values() for mark in marks
	)


def of_bytes(head: bytes) -> str:
	"""The type that the first bytes tell."""
	return filetype.guess_mime(head) or (TEXT if is_text(head) else UNKNOWN)


def extension_of(head: bytes) -> str:
	"""The usual extension of the type that the first bytes tell."""
	return mimetypes.guess_extension(of_bytes(head)) or ".bin"


def refuse_mismatch(file_name: str, head: bytes) -> NoReturn:
	refuse(
		_(
			"{0} is not what its name or its declared type says: its content looks like {1}. Send it under its right name."
		).format(file_name, of_bytes(head)),
		UnfitFile,
	)


def check_archive(path: Path, media_type: str, file_name: str) -> None:
	"""422 for an archive, a Word file too, that would unpack to far more than it is, or that is none."""
	try:
		with zipfile.ZipFile(path) as archive:
			members = archive.infolist()
	except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
		if media_type == "application/zip" or media_type.startswith((OPEN_XML, OPEN_DOCUMENT)):
			refuse(_("{0} is damaged: it cannot be opened. Send it again.").format(file_name), UnfitFile)
		return
	unpacked = sum(member.file_size for member in members)
	packed = max(path.stat().st_size, 1)
	if (
		len(members) > MAX_MEMBERS
		or unpacked > MAX_UNPACKED
		or (unpacked > MAX_RATIO * packed and unpacked > MAX_UNPACKED // 16)
	):
		refuse(
			_("{0} would unpack to {1} MB, which this site does not take. Send its content in parts.").format(
				file_name, unpacked // (1024 * 1024)
			),
			UnfitFile,
		)
