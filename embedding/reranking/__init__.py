"""Better answers from more work: query expansion, database augmentation, diffusion, geometric verification."""
