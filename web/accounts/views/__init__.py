"""Views: signing in, one's own account and tokens, and other people's."""
