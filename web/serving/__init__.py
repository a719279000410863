"""Serving: an opened network, and the vectors and the index of a gallery, as a query needs them."""
