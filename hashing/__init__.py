"""Deep hashing: binary codes that retrieve like the embeddings they come from."""
