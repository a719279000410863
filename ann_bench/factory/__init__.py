"""Faiss's factory strings: taken apart, sized before they are built, and the default ones for a set."""
