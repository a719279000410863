"""Views of annotate, a file a page."""
