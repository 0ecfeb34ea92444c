"""A separate process that compiles `main.typ` of a folder. Imports nothing of the app.

Typst keeps its layout caches for as long as its process lives, which a worker would never release.
"""

import json
import sys
from pathlib import Path

import typst

PDF, RESULT = "out.pdf", "result.json"


def main(folder: Path, with_pdf: bool) -> None:
	"""Write the PDF, if requested, and the data that the document has under the label `result`."""
	compiler = typst.Compiler(str(folder / "main.typ"), root=str(folder))
	if with_pdf:
		compiler.compile(output=str(folder / PDF), pdf_tags=False)
	result = compiler.query("<result>", field="value", one=True)
	(folder / RESULT).write_text(json.dumps(json.loads(result)), encoding="utf-8")


if __name__ == "__main__":
	main(Path(sys.argv[1]), with_pdf=sys.argv[2] == "pdf")
