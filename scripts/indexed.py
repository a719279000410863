"""Indexed: a gallery searched through an index of ann_bench, for any command that has --index."""

import numpy as np

from ann_bench.sweep import gallery_index
from datasets.vectors import rows as vector_rows
from datasets.vectors.base import VectorSet
from embedding.search import found
from embedding.search.found import Ranked
from embedding.search.gallery import Gallery


def search(name: str, vectors: np.ndarray, gallery: Gallery, k: int) -> Ranked:
    """The first k for each of the vectors (Q, D); of unit rows the smallest angle is the largest cosine."""
    whole = VectorSet(gallery.name, "angular", gallery.vectors, gallery.vectors[:1])
    index = gallery_index.kept_index(name, whole, beside=gallery.file)
    neighbors, _ = index.search(vector_rows.prepared(vectors, "angular"), min(k, len(gallery)))
    return found.by_score(vectors, gallery.vectors, neighbors)
