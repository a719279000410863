"""New categories in unlabelled images: clusters proposed for review, and judged where the truth is known."""
