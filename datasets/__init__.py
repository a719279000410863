"""Images, captions, vectors and exact neighbors: the ground floor, which imports nothing of ours and never MXNet."""

PROJECT = "deepembedding"  # by which a command knows this package from others of its name
