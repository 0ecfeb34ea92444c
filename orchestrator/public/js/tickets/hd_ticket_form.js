orchestrator.tickets.extend_form("HD Ticket");
