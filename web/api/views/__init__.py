"""Views: what each endpoint does; their types and docstrings are its description."""
