"""The trunk: data to batches, network, losses, the one training loop, evaluation and report."""
