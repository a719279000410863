"""Search: what is asked, and the pictures that answer it."""
