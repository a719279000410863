"""The towers: images and sentences to one space, and the vocabulary that sentences are read with."""
