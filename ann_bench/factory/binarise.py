"""Binarise: float rows as packed codes whose differing bits tell how far apart the rows are."""

import faiss
import numpy as np

ROWS_PER_DIMENSION = 50  # what ITQ is trained on at most


def itq(sample: np.ndarray, bits: int, *, seed: int = 0) -> faiss.VectorTransform:
    """Iterative quantization: principal directions, rotated until their signs say as much as they can.

    sample : (n, D) float32, D >= bits and n >= D
    Gong and Lazebnik, Iterative Quantization: A Procrustean Approach to Learning Binary Codes, CVPR 2011; Faiss's,
    which makes the centred rows unit length first.
    """
    transform = faiss.ITQTransform(sample.shape[1], bits, True)
    transform.itq.seed = seed
    transform.max_train_per_dim = ROWS_PER_DIMENSION
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)  # its many small products wait for one another longer than they take
    try:
        transform.train(sample)
    finally:
        faiss.omp_set_num_threads(threads)
    return transform


def random_rotation(sample: np.ndarray, bits: int, *, seed: int = 0) -> faiss.VectorTransform:
    """A random rotation of the rows about the mean of ``sample`` (n, D); of any number of bits, also above D.

    Two directions at an angle of t radians from the mean differ in a share of t / pi of the bits.
    """
    dim = sample.shape[1]
    rotation = faiss.RandomRotationMatrix(dim, bits)
    rotation.init(seed)
    matrix = faiss.vector_to_array(rotation.A).reshape(bits, dim)
    transform = faiss.LinearTransform(dim, bits, True)
    faiss.copy_array_to_vector(matrix.ravel(), transform.A)
    faiss.copy_array_to_vector(-matrix @ sample.mean(axis=0, dtype=np.float64).astype(np.float32), transform.b)
    transform.is_trained = True
    return transform


KINDS = {"ITQ": itq, "RR": random_rotation}


def codes(transform: faiss.VectorTransform, rows: np.ndarray) -> np.ndarray:
    """(n, bits / 8) uint8, packed: bit 1 where the transformed row (n, D) is positive."""
    return np.packbits(transform.apply(rows) > 0, axis=1)
