"""What a log may hold: only what is known to be harmless."""

from collections import OrderedDict
from datetime import date, timedelta

from orchestrator.sync.errors import Refused
from orchestrator.sync.redaction import REDACTED, PrivateDict, log_line, redact

CASEFILE = "12:550e8400-e29b-41d4-a716-446655440000"


def test_ids_counts_durations_status_and_error_class_are_shown():
	facts = {
		"run": "SYNC-0001", "casefile_id": CASEFILE, "imported": 5, "duration_seconds": 1.5, "status": 503,
		"error": Refused("patients/census", 403), "route": "patients/{id}", "duration": timedelta(seconds=3),
		"unknown": ["brand_new"], "retryable": True, "status_code": None,
	}  # fmt: skip
	assert redact(facts) == {**facts, "error": "Refused", "duration": 3.0}


def test_everything_else_is_hidden():
	assert redact(
		{
			"first_name": "Ada", "dob": date(1980, 2, 3), "mr_number": 7, "note": {"status": "Ada Alderby", "x": "y"},
			"list": ["Ada", {"email": "a@example.org"}],
		}
	) == {
		"first_name": REDACTED, "dob": REDACTED, "mr_number": REDACTED, "note": {"status": REDACTED, "x": REDACTED},
		"list": [REDACTED, {"email": REDACTED}],
	}  # fmt: skip


def test_text_on_its_own_is_hidden():
	assert redact("Ada") == REDACTED
	assert redact(b"Ada") == REDACTED
	assert redact(["Ada", 5]) == [REDACTED, 5]
	assert redact(object()) == REDACTED


def test_a_key_that_is_no_identifier_is_hidden_too():
	assert redact({"Ada Alderby": 1}) == {REDACTED: REDACTED}


def test_free_text_under_a_shown_key_is_hidden():
	assert redact({"status": "Ada was here", "errors": ["a@example.org"]}) == {
		"status": REDACTED,
		"errors": [REDACTED],
	}


def test_depth_and_length_are_bounded():
	nested: dict = {}
	inner = nested
	for _ in range(100):
		inner["x"] = {}
		inner = inner["x"]
	shown = redact(nested)
	depth = 0
	while shown:
		shown, depth = shown["x"], depth + 1
	assert depth == 8
	assert len(redact(list(range(1000)))) == 50


def test_other_mappings_are_redacted_alike():
	assert redact(OrderedDict(first_name="Ada")) == {"first_name": REDACTED}


def test_a_line_for_the_log():
	assert log_line("page stored", page=3, casefile_id=CASEFILE, first_name="Ada") == (
		f"page stored page=3 casefile_id={CASEFILE} first_name=[redacted]"
	)


def test_a_private_dict_shows_its_size_alone():
	private = PrivateDict(first_name="Ada")
	assert (repr(private), str(private), f"{private}", repr([private])) == (
		"<PrivateDict: 1 fields>", "<PrivateDict: 1 fields>", "<PrivateDict: 1 fields>", "[<PrivateDict: 1 fields>]",
	)  # fmt: skip
	assert private == {"first_name": "Ada"}
