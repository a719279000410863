"""The report of an image-text run."""
