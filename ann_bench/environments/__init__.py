"""Libraries that cannot share our environment: each in one of its own, with a process of that Python at work there."""
