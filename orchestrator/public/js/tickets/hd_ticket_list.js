orchestrator.tickets.extend_list("HD Ticket");
