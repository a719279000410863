"""Views of galleries: their pages, their pictures, their jobs."""
