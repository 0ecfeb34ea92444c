orchestrator.tickets.extend_form("Issue");
