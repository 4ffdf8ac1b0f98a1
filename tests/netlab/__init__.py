"""Network namespaces, links between them, and a relay that harms traffic."""
