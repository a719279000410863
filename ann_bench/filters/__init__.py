"""Filters: conditions that rows must fulfil, how an index is asked under them, and what its answers are worth."""
