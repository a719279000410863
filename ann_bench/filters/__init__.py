"""Filters: searching among rows that pass, natively or by throwing away what does not."""
