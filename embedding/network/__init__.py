"""The network: trunk, pooling and head, and the pretrained weights that a trunk starts from."""
