orchestrator.tickets.extend_list("Issue");
