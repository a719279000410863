"""Sources: the set that a command names, found and loaded, and what its parts share."""
