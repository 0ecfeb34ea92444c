"""Names of parameters, and values that fit each."""

import json
import re
from pathlib import Path
from typing import Any

DOCTYPE_NAMES = frozenset(
	{
		"doctype", "dt", "reference_doctype", "ref_doctype", "document_type", "linked_doctype", "doctype_name",
		"parenttype", "reference_type", "parent_doctype", "doc_type", "for_doctype", "master_doctype", "_doctype",
		"from_doctype", "to_doctype", "target_doctype", "source_doctype", "resource_type", "voucher_type", "party_type",
		"child_doctype", "order_doctype", "customer_collection", "attached_to_doctype",
	}
)  # fmt: skip
RECORD_NAMES = frozenset(
	{
		"name", "docname", "dn", "reference_name", "ref_name", "reference_docname", "document_name", "doc_name", "parent",
		"ref_docname", "resource_name", "record", "party", "voucher_no", "collection_name", "attached_to_name", "old",
		"old_name", "id",
	}
)  # fmt: skip
LISTS_OF_NAMES = frozenset({"names", "docnames", "docs_names", "records"})
DOCUMENTS = frozenset({"doc", "docs", "document", "old_doc", "new_doc"})
NEVER_FILLED = frozenset(
	{"debug", "run", "ignore_permissions", "as_iterator", "force", "merge", "background", "now", "dry_run"}
)
# Functions that read the request themselves use one of these.
READ_REQUEST = frozenset({"form_dict", "form", "get_form_params", "get_request_form_data"})
# Results of the tuning for single functions: see tuning.py
TABLE = Path(__file__).with_name("method_arguments.json")
DAY = "2026-01-15"
VALUES: dict[str, Any] = {
	"txt": "", "searchfield": "name", "start": 0, "page_len": 20, "page_length": 20, "limit": 20, "limit_start": 0,
	"limit_page_length": 20, "fields": ["*"], "order_by": "modified desc", "or_filters": [], "group_by": None,
	"as_dict": 1, "search_term": "", "search_text": "", "search_value": "", "args": {}, "data": {}, "items": [],
	"company": None, "currency": "USD", "from_currency": "USD", "to_currency": "USD", "language": "en", "lang": "en",
	"period": "Monthly", "timespan": "Last Year", "time_interval": "Monthly", "frequency": "Monthly",
	"permlevel": 0, "ptype": "read", "action": "Approve", "status": "Open", "state": "{}", "value": "1",
	"content": "text", "text": "text", "message": "text", "subject": "text", "title": "text", "note": "text",
	"email": "nobody@harbor.example", "emails": "nobody@harbor.example", "sender": "nobody@harbor.example",
	"recipients": "nobody@harbor.example", "date_range": json.dumps(["2026-01-01", "2026-12-31"]), "url": "/app",
	"role": "Employee", "roles": ["Employee"], "method": "frappe.ping", "format": "Standard", "print_format": "Standard",
	"file_type": "Excel", "map_type": "marker", "field_map": {"start": "creation", "end": "modified", "title": "name"},
	"qty": 1, "amount": 1, "rate": 1, "latitude": 1, "longitude": 1, "from_date": "2020-01-01", "to_date": "2030-12-31",
	"end": "2030-12-31", "query": "", "view": "List", "indexes": "[0]", "uom": "Nos", "tag": "tag", "tags": "tag",
	"country": "United States", "mode_of_payment": "Cash", "leave_type": "Casual Leave", "option": "",
	"assigned_to": "Administrator",
}  # fmt: skip
DATES = re.compile(r"(^|_)(date|day|from|to|time|timestamp)$|_on$|_at$")
NUMBERS = re.compile(
	r"(^|_)(qty|amount|rate|count|index|idx|level|limit|size|number|percent|total|year|days|hours|version|length)$"
)
