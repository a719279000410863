"""Results: measured points and built indexes on disk, by family, and extrapolated to other sizes."""
