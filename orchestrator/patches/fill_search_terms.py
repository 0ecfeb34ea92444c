"""Index the documents of an earlier version by parts of words, and in languages without blanks."""

from orchestrator.docs import fulltext


def execute() -> None:
	fulltext.create_index()
	fulltext.update_terms()
