"""Names of files, folders and documents as callers send them. Plain functions: no site needed."""

import mimetypes
from pathlib import Path

from frappe import _

from orchestrator.exceptions import BadRequest, refuse

MAX_LENGTH = 140


def checked(kind: str, name: str) -> str:
	"""`name` without the blanks around it. 400 for what is no name: a path, a control character or a mark that turns
	the direction of reading, so that the name would show as another one."""
	text = name.strip()
	if not text or text in (".", "..") or len(text) > MAX_LENGTH or not text.isprintable():
		refuse_name(kind, name)
	if "/" in text or "\\" in text:
		refuse_name(kind, name)
	return text


def refuse_name(kind: str, name: str) -> None:
	refuse(
		_(
			"{0} is no name for a {1}. Send 1 to {2} visible characters without slashes, control characters or direction marks."
		).format(ascii(name[:MAX_LENGTH]), kind, MAX_LENGTH),
		BadRequest,
	)


def with_extension(title: str, extension: str) -> str:
	"""The title as a file name that ends in `extension`, in place of one that tells another type."""
	stem = Path(title).stem if mimetypes.guess_type(title)[0] else title
	return f"{stem[: MAX_LENGTH - len(extension)]}{extension}"
