"""Scale: indexes larger than memory, built in shards and merged on disk."""
