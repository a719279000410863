"""Batches: which images come together, decoded, augmented and dealt to the devices."""
