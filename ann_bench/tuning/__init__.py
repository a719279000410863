"""Tuning: the search for the best index in a given time."""
