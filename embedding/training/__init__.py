"""Training: the one loop, the folder of a run, and the workers that train together."""
