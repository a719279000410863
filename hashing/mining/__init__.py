"""Mining: which images of a batch are similar, and the pairs and triplets that enter a loss."""
