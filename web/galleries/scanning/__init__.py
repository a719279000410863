"""Scanning: which pictures of a source are new, changed, moved or gone, by what is in them."""
