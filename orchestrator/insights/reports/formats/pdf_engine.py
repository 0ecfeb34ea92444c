"""Compile a template and its data into a PDF with Typst."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import frappe
from frappe import _

from orchestrator.exceptions import ReportExecutionError, refuse
from orchestrator.insights.reports.formats import typst_process

# Both are installed by script/; if they are missing, Typst uses another font with these characters.
FONTS = ["DejaVu Sans", "WenQuanYi Zen Hei", "Noto Sans", "Noto Sans CJK SC"]
MAX_SECONDS = 300


@contextmanager
def open_work_folder() -> Iterator[Path]:
	"""Yield a folder for the files of one document. Typst reads nothing outside it."""
	with TemporaryDirectory(prefix="orchestrator-report-") as name:
		yield Path(name)


def compile_document(folder: Path, template: str, data: dict[str, Any], with_pdf: bool = True) -> Any:
	"""Compile a template with its data into a PDF in the folder.

	Returns: the data that the template returns under the label `result`.
	Raises: ReportExecutionError (422) if it cannot be laid out in time.
	"""
	shutil.copyfile(frappe.get_app_path("orchestrator", "templates", f"{template}.typ"), folder / "main.typ")
	(folder / "data.json").write_text(json.dumps({"fonts": FONTS, **data}), encoding="utf-8")
	command = [sys.executable, typst_process.__file__, str(folder), "pdf" if with_pdf else "query"]
	try:
		subprocess.run(command, check=True, capture_output=True, timeout=MAX_SECONDS)  # noqa: S603  # no shell, nothing of a caller
	except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
		frappe.log_error(
			"PDF of a report", f"{type(error).__name__}: {_get_last_line(error.stderr)}", defer_insert=True
		)
		refuse(
			_("The report could not be laid out as a PDF. Choose xlsx, csv or html."), ReportExecutionError
		)
	return json.loads((folder / typst_process.RESULT).read_text(encoding="utf-8"))


def _get_last_line(output: bytes | None) -> str:
	lines = (output or b"").decode(errors="replace").strip().splitlines()
	return lines[-1][:500] if lines else ""
