"""Annotate: people say what pictures show, together, and can undo it."""
