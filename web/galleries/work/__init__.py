"""Work: what is done for galleries in a process of its own, and goes on after a kill."""
