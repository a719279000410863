"""Sketches and photographs in class folders, put together into sets."""
