"""script/clients: generates the clients of a site's API. See docs/clients.md."""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import contract
import document
import generators
import packages
from problems import ClientsError

ROOT = Path(__file__).resolve().parents[4]
DEFAULT_OUTPUT = ROOT / "dist" / "clients"


def main() -> int:
	"""Run the command and return its exit code."""
	arguments = _parse_arguments()
	try:
		if arguments.install:
			generators.install(ROOT / "clients")
		else:
			_generate(_read_document(arguments), arguments.output.resolve())
	except ClientsError as error:
		print(f"Error: {error}", file=sys.stderr)
		return error.exit_code
	return 0


def _parse_arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(
		prog="script/clients",
		description="Generates the Python and the TypeScript client of a site from its OpenAPI document.",
		epilog="With --url, ORCHESTRATOR_API_KEY and ORCHESTRATOR_API_SECRET are the API key of a user of the site.",
	)
	source = parser.add_mutually_exclusive_group(required=True)
	source.add_argument("--url", help="the site, such as https://erp.example.com")
	source.add_argument(
		"--document", type=Path, help="a file with the document, in place of a site; - reads standard input"
	)
	source.add_argument("--install", action="store_true", help="only install the generators")
	parser.add_argument(
		"--output",
		type=Path,
		default=DEFAULT_OUTPUT,
		help="the folder for both packages (default: dist/clients)",
	)
	return parser.parse_args()


def _read_document(arguments: argparse.Namespace) -> document.Document:
	return document.fetch(arguments.url) if arguments.url else document.read(arguments.document)


def _generate(spec: document.Document, output: Path) -> None:
	"""Write both packages below a folder."""
	tools = generators.install(ROOT / "clients")
	facts = contract.parse_contract(spec)
	with tempfile.TemporaryDirectory() as scratch:
		file = Path(scratch) / "openapi.json"
		file.write_text(json.dumps(document.drop_empty_refusals(spec)))
		for build in (packages.build_python, packages.build_typescript):
			print(build(ROOT / "clients", output, file, facts, tools))


if __name__ == "__main__":
	sys.exit(main())
