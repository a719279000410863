"""Instance retrieval, put together: what its commands ask for, built, trained and judged."""
