"""Clients: many who ask at once, in closed and open loop."""
