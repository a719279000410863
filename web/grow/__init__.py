"""Grow: from annotations to a better network, and from the gallery it had to the one it makes."""
