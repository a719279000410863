"""Mining: which pairs of an image and a caption enter a loss."""
