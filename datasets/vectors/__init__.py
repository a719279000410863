"""Sets of vectors to search in, with their true nearest neighbors."""
