"""Stored vectors: the vectors file, the formats of other programs, and true neighbors kept in files."""
