"""Views: results as pictures, tables, pages and recommendations."""
