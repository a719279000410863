"""Mining: which pairs and triplets of a batch enter a loss."""
