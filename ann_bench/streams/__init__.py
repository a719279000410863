"""Streams: rows that come and go while others search."""
