"""Additive quantizers in a Faiss index, RQ and LSQ and their products: what they learn, and how large that is.

A row is the sum of one word of each codebook. Babenko and Lempitsky, Additive Quantization for Extreme Vector
Compression, CVPR 2014; Martinez et al., LSQ++, ECCV 2018.
"""

import faiss

_FLOAT = 4  # bytes
_RESIDUAL_WORK = 5 * 25  # candidates that are kept for each row, and how slow that is beside a product of matrices
_LOCAL_WORK = 4e4  # measured: rounds of guessing all codes anew


def quantizer(index: faiss.Index) -> faiss.AdditiveQuantizer | None:
    """That of the index itself, None where it has none."""
    return getattr(index, "aq", None)


def learns_from_all(index: faiss.Index) -> bool:
    """Whether it learns from all rows that it is given, at a high price; inverted lists give theirs a part."""
    index = faiss.downcast_index(index)
    if isinstance(index, faiss.IndexRefine):
        return learns_from_all(index.base_index)
    return quantizer(index) is not None and not isinstance(index, faiss.IndexIVF)


def centroids(index: faiss.Index) -> int:
    """How many words its largest codebook has; 0 where it has none."""
    own = quantizer(index)
    return max((2 ** own.nbits.at(i) for i in range(own.nbits.size())), default=0) if own else 0


def codebook_bytes(index: faiss.Index) -> int:
    """Bytes of its codebooks; those of a product of quantizers have only their part of the dimensions."""
    own = quantizer(index)
    return own.total_codebook_size * own.d * _FLOAT // getattr(own, "nsplits", 1) if own else 0


def work(index: faiss.Index) -> float:
    """Multiply-adds of finding the code of a row; 0 where it has none."""
    own = quantizer(index)
    if own is None:
        return 0.0
    if "Local" in type(index).__name__:
        return _LOCAL_WORK * own.total_codebook_size * own.M
    return _RESIDUAL_WORK * own.total_codebook_size * own.d * centroids(index) / 16
