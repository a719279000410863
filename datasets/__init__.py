"""Images, captions, vectors and exact neighbors: the ground floor, which imports nothing of ours and never MXNet."""
