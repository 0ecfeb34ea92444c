"""The OpenAPI document: from a site, or from a file."""

import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from problems import ClientsError

Document = dict[str, Any]

METHOD_PATH = "/api/method/orchestrator.api.openapi.get_spec"
KEY_VARIABLES = ("ORCHESTRATOR_API_KEY", "ORCHESTRATOR_API_SECRET")
TIMEOUT_SECONDS = 60


def fetch(url: str) -> Document:
	"""Return the document of a site."""
	if not url.startswith(("https://", "http://")):
		raise ClientsError(f"{url} is no address of a site. Give one such as https://erp.example.com.")
	key, secret = (os.environ.get(name, "") for name in KEY_VARIABLES)
	if not (key and secret):
		raise ClientsError(f"Set {' and '.join(KEY_VARIABLES)} to the API key of a user of the site.")
	request = urllib.request.Request(  # noqa: S310  # the scheme is checked above
		url.rstrip("/") + METHOD_PATH, headers={"Authorization": f"token {key}:{secret}"}
	)
	try:
		with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:  # noqa: S310
			text = reply.read()
	except urllib.error.HTTPError as error:
		raise ClientsError(f"{url} refused to give its document: HTTP {error.code} {error.reason}.") from None
	except OSError as error:
		raise ClientsError(f"{url} does not answer: {getattr(error, 'reason', error)}.") from None
	return _parse(text, url)


def read(path: Path) -> Document:
	"""Return the document in a file, or on standard input for -."""
	try:
		text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
	except OSError as error:
		raise ClientsError(f"{path} cannot be read: {error.strerror}.") from None
	return _parse(text, str(path))


def drop_empty_refusals(document: Document) -> Document:
	"""Return the document without the replies that have no body and are no success, such as 304.

	The clients raise their errors, and the generator of the Python client would type them, and with them the whole
	call, as Any.
	"""
	paths = {
		path: {verb: _drop_from_operation(operation) for verb, operation in verbs.items()}
		for path, verbs in document["paths"].items()
	}
	return {**document, "paths": paths}


def _drop_from_operation(operation: dict[str, Any]) -> dict[str, Any]:
	responses = {
		status: response
		for status, response in operation["responses"].items()
		if status.startswith("2") or "$ref" in response or response.get("content")
	}
	return {**operation, "responses": responses}


def _parse(text: bytes, source: str) -> Document:
	"""Return the document in a text: the document itself, or the reply that has it in `data`."""
	try:
		value = json.loads(text)
	except ValueError:
		value = None
	if isinstance(value, dict) and isinstance(value.get("data"), dict):
		value = value["data"]
	if not (isinstance(value, dict) and "openapi" in value and "paths" in value):
		raise ClientsError(f"{source} is no OpenAPI document in JSON.")
	return value
