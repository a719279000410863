"""Commands of galleries."""
