"""Ranges: all that lies within a radius, natively or by asking for more and more neighbors."""
