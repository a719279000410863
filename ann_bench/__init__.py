"""The benchmark that picks the index: which one, with which parameters, for these vectors."""
