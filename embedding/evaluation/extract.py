"""Network and images to embeddings."""

from typing import Any

import numpy as np
from tqdm import tqdm

from datasets.images.base import ImageSet, Size
from datasets.vectors.base import Embeddings
from embedding.batches import decode
from embedding.batches.loader import in_threads
from embedding.mx import gluon, mx, nd


def extract(net: gluon.Block, images: ImageSet, rows: np.ndarray, **how: Any) -> Embeddings:
    """What ``net`` makes of the images ``rows``, as vectors of unit length; ``how`` as for ``outputs``."""
    return embeddings(outputs(net, images, rows, **how), images, rows)


def embeddings(vectors: np.ndarray, images: ImageSet, rows: np.ndarray) -> Embeddings:
    """``vectors`` (R, D) of the images ``rows`` at unit length, with labels and names."""
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    cameras = None if images.cameras is None else images.cameras[rows]
    return Embeddings(vectors, images.labels[rows], tuple(images.image_name(int(row)) for row in rows), cameras)


def outputs(
    net: gluon.Block,
    images: ImageSet,
    rows: np.ndarray,
    *,
    size: Size,
    contexts: list[mx.Context],
    resize: str = "crop",
    batch_size: int = 64,
    workers: int = 2,
    progress: bool = False,
    mirror: bool = False,
) -> np.ndarray:
    """What ``net`` makes of the images ``rows``, (R, D) float32.

    size, resize : as in ``decode.fit``
    mirror : look at the mirror images
    Raises InputError where an image cannot be read: a score over other images than it claims would be wrong.
    """
    items = [[(int(row),) for row in rows[i : i + batch_size]] for i in range(0, len(rows), batch_size)]

    def load(row: int) -> np.ndarray:
        return decode.read_fitted(images, row, size, resize=resize)

    parts = []
    with tqdm(total=len(rows), desc="extract", unit="image", disable=not progress, leave=False) as bar:
        for pixels in in_threads(load, items, workers=workers):
            parts.append(_forward(net, pixels[:, :, ::-1] if mirror else pixels, batch_size, contexts))
            bar.update(len(pixels))
    return np.concatenate(parts)


def _forward(net: gluon.Block, pixels: np.ndarray, batch_size: int, contexts: list[mx.Context]) -> np.ndarray:
    count = len(pixels)
    if count < batch_size:  # a network compiled for one shape of batch would be compiled again for the last one
        pixels = np.concatenate([pixels, np.repeat(pixels[-1:], batch_size - count, axis=0)])
    parts = gluon.utils.split_and_load(nd.array(pixels, dtype="uint8"), contexts, even_split=False)
    return np.concatenate([out.asnumpy() for out in [net(part) for part in parts]])[:count]
