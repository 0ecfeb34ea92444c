"""The reader of docs/api-reference.md is strict; otherwise the tests of the reference would prove nothing."""

import json

import pytest

from tests.support import reference

DOCUMENT = """
```http
POST /api/method/frappe.client.get?doctype=Lead&filters={"a":1}
Content-Type: application/json

{"name": "L001"}
```

```http
HTTP/1.1 201 Created
X-Left: <left>
```

```json
{"name": "L001"}
```

```http
GET /api/method/ping
```

```json
{"message": "pong"}
```
"""


def test_an_example_is_a_request_and_its_reply() -> None:
	created, ping = reference.parse_examples(DOCUMENT)
	assert (created.verb, created.path) == ("POST", "/api/method/frappe.client.get")
	assert created.query == {"doctype": "Lead", "filters": '{"a":1}'}
	assert created.headers == {"Content-Type": "application/json"}
	assert json.loads(created.body) == {"name": "L001"}
	assert (created.status, created.reply_headers) == (201, {"X-Left": "<left>"})
	assert created.reply == {"name": "L001"}
	assert (ping.line, ping.status, ping.reply) == (18, 200, {"message": "pong"})


@pytest.mark.parametrize(
	"text",
	[
		"```json\n{}\n```\n",
		"```http\nGET /a\n```\n",
		"```http\nGET /a\n```\n```http\nGET /b\n```\n```json\n{}\n```\n",
		"```http\nGET /a\n```\n```json\n{}\n```\n```json\n{}\n```\n",
		"```http\nGET /a\n```\n```http\nHTTP/1.1 201 OK\n```\n",
	],
)
def test_what_is_no_example_is_an_error(text: str) -> None:
	with pytest.raises(AssertionError):
		list(reference.parse_examples(text))


@pytest.mark.parametrize(
	("told", "got"),
	[
		({"a": 1}, {"a": 1}),
		({"a": 1, "…": "…"}, {"a": 1, "b": 2}),
		([1, "…"], [1, 2, 3]),
		([1, "…"], [1]),
		(["L001", "L001"], ["CRM-1", "CRM-1"]),
		("in <seconds> seconds", "in 7 seconds"),
		("<key>-<key>", "a-a"),
		(["<a number>", "<a number>"], [1, 2.5]),
	],
)
def test_alike(told: object, got: object) -> None:
	assert list(reference.find_differences(told, got, {})) == []


@pytest.mark.parametrize(
	("told", "got"),
	[
		({"a": 1}, {"a": 1, "b": 2}),
		({"a": 1}, {}),
		({"a": 1, "…": "…"}, {"b": 2}),
		({"a": 1}, {"a": 1.0}),
		({"a": 1}, {"a": True}),
		({"a": None}, {"a": ""}),
		([1], [1, 2]),
		([1, 2, "…"], [1]),
		(["L001", "L001"], ["CRM-1", "CRM-2"]),
		("L001", ["CRM-1"]),
		("in <seconds> seconds", "in 7 minutes"),
		("<key>-<key>", "a-b"),
		(["<a number>"], [None]),
		(["<a number>"], [True]),
	],
)
def test_different(told: object, got: object) -> None:
	assert list(reference.find_differences(told, got, {})) != []


def test_what_was_bound_is_put_into_later_requests() -> None:
	bound: dict[str, str] = {}
	assert (
		list(
			reference.find_differences(
				{"name": "L001", "key": "<client id>"}, {"name": "CRM-7", "key": "x"}, bound
			)
		)
		== []
	)
	assert bound == {"L001": "CRM-7", "<client id>": "x"}
	assert reference.substitute('{"names": ["L001", "L002"], "id": "<client id>"}', bound) == (
		'{"names": ["CRM-7", "L002"], "id": "x"}'
	)
