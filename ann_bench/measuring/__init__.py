"""Measuring: the clock, what an answer is held against, and what it is worth."""
