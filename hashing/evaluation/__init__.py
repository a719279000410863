"""Evaluation of codes: distances, rankings and scores, counted exactly over ties."""
