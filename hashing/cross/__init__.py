"""Cross-modal hashing: pictures and texts, or any two kinds of things, in one space of binary codes."""
