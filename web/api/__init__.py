"""API: JSON over HTTP, what the pages can, for programs."""
