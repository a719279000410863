"""Runbooks: which rows come, go and are searched for, step by step."""
