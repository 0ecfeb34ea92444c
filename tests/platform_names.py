"""Which names of the platform this bench has."""

import importlib

# Of apps whose versions are not bound to Frappe's: some have them, others do not
OF_SOME_VERSIONS = frozenset(
	{
		"gameplan.api.get_search_filter_options",
		"gameplan.api.search",
		"gameplan.api.search_sqlite",
		"gameplan.command_palette.search",
		"gameplan.command_palette.search_sqlite",
		"gameplan.gameplan.doctype.gp_project.gp_project.mark_all_as_read",
		"gameplan.gameplan.doctype.gp_unread_record.gp_unread_record.get_unread_count",
		"helpdesk.api.article.get_article_stats",
		"helpdesk.api.assignment_rule.duplicate_assignment_rule",
		"helpdesk.api.saved_replies.get_rendered_saved_reply",
		"helpdesk.api.sla.get_sla",
		"helpdesk.helpdesk.doctype.hd_ticket.api.show_outside_hours_banner",
		"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.get_reactions",
		"helpdesk.helpdesk.doctype.hd_ticket_comment.hd_ticket_comment.toggle_reaction",
		"helpdesk.search.search",
		"helpdesk.templates.components.search.search.search_text",
	}
)


def exists(name: str) -> bool:
	"""True where a module and its attributes lead to something of that name."""
	parts = name.split(".")
	for length in range(len(parts), 0, -1):
		try:
			found = importlib.import_module(".".join(parts[:length]))
		except ImportError:
			continue
		for attribute in parts[length:]:
			if not hasattr(found, attribute):
				return False
			found = getattr(found, attribute)
		return True
	return False
