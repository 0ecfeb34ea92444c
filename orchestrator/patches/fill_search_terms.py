"""Have the documents of an earlier version found by the parts of their words, and in languages without blanks."""

from orchestrator.docs import fulltext


def execute() -> None:
	fulltext.create_index()
	fulltext.update_terms()
