"""Upserts: up to 100,000 records in one call, created or changed by a job. Callers name it `orchestrator.api.upsert_many`."""

from typing import Annotated

import frappe
from frappe import _lt

from orchestrator.api.endpoint import WRITE, endpoint
from orchestrator.api.schema_types import OneOf
from orchestrator.api.shapes import QueuedUpsert
from orchestrator.api.upserts import jobs
from orchestrator.api.upserts.chunks import serialize_records
from orchestrator.api.upserts.content import read_content
from orchestrator.api.upserts.requests import (
	NAME,
	UpsertRequest,
	check_columns,
	check_doctype,
	check_key_field,
	parse_format,
)
from orchestrator.api.upserts.source_parsing import FORMATS, decode_content, parse_header, parse_records


@frappe.whitelist(methods=["POST"])
@endpoint(_lt("Upsert queued"), effect=WRITE)
def upsert_many(
	doctype: str,
	key_field: str = NAME,
	records: str | list | None = None,
	file_url: str | None = None,
	format: Annotated[str | None, OneOf(*FORMATS)] = None,  # noqa: A002  # the reference's name
	stop_on_error: bool = False,
) -> QueuedUpsert:
	"""Create the records that do not exist and change those that do, up to 100,000 in a background job.

	The records are NDJSON, a JSON object on each line, or CSV with a line of fields at the top. They are sent in one of four
	ways: as the body with the media type application/x-ndjson or text/csv, as a multipart part named file, in `records`, or
	by `file_url`. Each is saved with the permissions and rules of a single insert or change, and fails by itself.

	Args:
		doctype: DocType of the records.
		key_field: Field that identifies a record: name, or a field that is set to Unique. Default: name.
		records: Records as text, or as a list of objects.
		file_url: URL of a File that the caller may read and that has the records.
		format: ndjson or csv. Default: as the media type or the name of the file says, otherwise ndjson.
		stop_on_error: true: write nothing after the first record that fails. false: each record fails by itself. Default: false.

	Returns:
		The name of the bulk operation, of which `orchestrator.api.bulk.get_operation` returns the progress and the result file, and the number of records.

	Permissions:
		Whoever may create or change records of the DocType. Each record is checked.

	Raises:
		PermissionError: 403. The caller may neither create nor change records, may not read the key, or may read no File with this URL.
		DoesNotExistError: 404. There is no such DocType.
		InvalidRequestError: 400. There are no records or too many, they are no UTF-8 or no CSV, a column is unknown, or the key is not unique.
		MaxFileSizeReachedError: 413. The records are larger than the site allows.
	"""
	meta = check_doctype(doctype)
	fieldname = check_key_field(meta, key_field)
	content = read_content(records, file_url)
	source_format = parse_format(format) or content.format
	text = decode_content(content.data)
	if source_format == "csv":
		check_columns(meta, fieldname, parse_header(text))
	serialized = serialize_records(parse_records(text, source_format), {key_field, fieldname})
	request = UpsertRequest(doctype, fieldname, source_format, bool(stop_on_error), frappe.local.lang)
	return jobs.enqueue_upsert(request, serialized)
