"""A Letter Head's HTML as an image for a PDF, laid out by WeasyPrint, which fetches nothing from the network."""

import mimetypes
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse
from urllib.request import urlopen

import frappe
from frappe.utils import get_url

WIDTH_MM = {False: 186, True: 273}  # of an A4 page within its margins, portrait and landscape
MAX_HEIGHT_MM = 140
MM_PER_PIXEL = 25.4 / 96
MIN_HEIGHT_MM = 1.0
PUBLIC_FOLDERS = {"/files/": ("public", "files"), "/private/files/": ("private", "files")}
ASSETS_PREFIX = "/assets/"
PAGE_TEMPLATE = """<meta charset="utf-8"><style>
@page {{ size: {width}mm {height:.2f}mm; margin: 0; }}
body {{ margin: 0; font: 9pt "DejaVu Sans", "WenQuanYi Zen Hei", "Noto Sans", "Noto Sans CJK SC", sans-serif; }}
img {{ max-width: 100%; }}
</style><body>{content}</body>"""


class InvalidUrlError(ValueError):
	"""A URL that a letter head may not load."""


def render_letter_head(name: str | None, landscape: bool) -> tuple[bytes | None, bytes | None]:
	"""Return head and foot of a Letter Head as PDF, each as high as its content."""
	parts = name and frappe.db.get_value("Letter Head", name, ["content", "footer"], as_dict=True)
	if not parts:
		return None, None
	head, foot = (_render_part(part, landscape) if part else None for part in (parts.content, parts.footer))
	return head, foot


def _render_part(template: str, landscape: bool) -> bytes | None:
	"""Return one part as a PDF of one page, None if nothing of it is visible."""
	content = frappe.render_template(template, {"doc": frappe._dict()})
	width = WIDTH_MM[landscape]
	height = min(_measure_height(_build_document(content, width, MAX_HEIGHT_MM)), MAX_HEIGHT_MM)
	if height < MIN_HEIGHT_MM:
		return None
	document = _build_document(content, width, height)
	return document.copy(document.pages[:1]).write_pdf()


def _build_document(content: str, width: float, height: float) -> Any:
	from weasyprint import HTML  # slow to import, and only letter heads need it

	page = PAGE_TEMPLATE.format(width=width, height=height, content=content)
	return HTML(string=page, base_url=get_url(allow_header_override=False), url_fetcher=fetch_url).render()


def _measure_height(document: Any) -> float:
	"""Return the used height of a document's first page, in millimetres."""
	if len(document.pages) > 1:
		return MAX_HEIGHT_MM
	bottom = max(
		(box.position_y + box.height for box in _list_boxes(document.pages[0]._page_box)), default=0.0
	)
	return bottom * MM_PER_PIXEL + MIN_HEIGHT_MM if bottom else 0.0


def _list_boxes(page: Any) -> list[Any]:
	"""Return the boxes of the body and those that float beside it."""
	from weasyprint.formatting_structure import boxes

	kinds = (boxes.LineBox, boxes.ReplacedBox, boxes.TableCellBox)
	return [box for box in page.descendants() if isinstance(box, kinds)]


def fetch_url(url: str, *_arguments: Any, **_options: Any) -> dict[str, Any]:
	"""Return the content of a letter head's URL: a data URL, or a file of this site.

	Permissions: public files and assets; private files that the caller may read.
	Raises: InvalidUrlError for anything else, whereupon WeasyPrint leaves the picture out.
	"""
	if url.startswith("data:"):
		with urlopen(url) as reply:  # noqa: S310  # data: alone
			return {"string": reply.read(), "mime_type": reply.headers.get_content_type()}
	path = _find_site_path(url)
	return {"string": path.read_bytes(), "mime_type": mimetypes.guess_type(path.name)[0]}


def _find_site_path(url: str) -> Path:
	"""Return the file behind a URL of this site."""
	parts, site = urlparse(url), urlparse(get_url(allow_header_override=False))
	if parts.scheme not in ("http", "https") or parts.netloc != site.netloc:
		raise InvalidUrlError(url)
	route = unquote(parts.path)
	for prefix, folder in PUBLIC_FOLDERS.items():
		if route.startswith(prefix):
			if folder[0] == "private" and not _can_read(route):
				raise InvalidUrlError(url)
			return _join_within(Path(frappe.get_site_path(*folder)), route.removeprefix(prefix))
	if route.startswith(ASSETS_PREFIX):
		app, _separator, rest = route.removeprefix(ASSETS_PREFIX).partition("/")
		if app in frappe.get_installed_apps():
			return _join_within(Path(frappe.get_app_path(app, "public")), rest)
	raise InvalidUrlError(url)


def _can_read(file_url: str) -> bool:
	"""Return True if the caller may read a private file."""
	names = frappe.get_all("File", filters={"file_url": file_url}, pluck="name", limit=20)
	return any(frappe.has_permission("File", "read", doc=name) for name in names)


def _join_within(folder: Path, name: str) -> Path:
	"""Return the path of a file in a folder, without leaving the folder."""
	path = (folder / name).resolve()
	if not path.is_relative_to(folder.resolve()) or not path.is_file():
		raise InvalidUrlError(name)
	return path
