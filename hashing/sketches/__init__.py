"""Codes of sketches and photographs, which can be compared with each other."""
