"""Access rules that Frappe leaves to each method: permission levels, linked records, link titles and versions."""
