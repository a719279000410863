"""Attributes of vectors, and conditions over them."""
