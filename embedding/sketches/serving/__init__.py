"""Runs of sketches and photographs put to use: one network with two ways in."""
