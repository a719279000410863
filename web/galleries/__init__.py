"""Galleries: pictures, the network that embeds them, an index; added, refreshed, removed."""
