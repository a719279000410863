"""The centres that NetVLAD starts from: k-means over what a trunk gives for places of training images."""

import numpy as np

from datasets.images.pixels import Unreadable
from embedding.batches import shapes
from embedding.evaluation.cluster import kmeans
from embedding.instances.build import InstanceParts
from embedding.instances.options import InstanceOptions
from embedding.mx import nd
from embedding.network.net import Encoder
from embedding.network.netvlad import CENTRES, NetVLAD, init_netvlad

_IMAGES, _PLACES = 500, 100  # looked at, and taken of each: 50,000 places, as in the paper


def centre(options: InstanceOptions, parts: InstanceParts) -> None:
    """Start NetVLAD, where the network has it, from centres of its training images (Arandjelovic et al., CVPR 2016)."""
    pool = parts.net.encoder.pool
    block = getattr(pool, "pool", pool)  # within a pooling of regions
    if not isinstance(block, NetVLAD):
        return
    found = places(options, parts)
    clusters = kmeans(found, CENTRES, seed=options.seed)
    centres = np.stack([found[clusters == k].mean(axis=0) for k in range(clusters.max() + 1)])
    init_netvlad(block, np.resize(centres, (CENTRES, found.shape[1])), found)  # of very few places some stand twice


def places(options: InstanceOptions, parts: InstanceParts) -> np.ndarray:
    """Unit features (N, C) of places of training images, both drawn at random."""
    rng = np.random.default_rng((options.seed, 0))
    images, side = parts.batches.images, max(options.size("image"))
    found = []
    for row in rng.permutation(images.train)[:_IMAGES].tolist():
        try:
            picture = shapes.read(images, row, side)
        except Unreadable as error:
            parts.skipped.add(error)
            continue
        features = feature_map(parts.net.encoder, nd.array(picture[None], dtype="uint8")).asnumpy()[0]
        columns = features.reshape(len(features), -1).T
        found.append(columns[rng.permutation(len(columns))[:_PLACES]])
    rows = np.concatenate(found)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def feature_map(encoder: Encoder, images: nd.NDArray) -> nd.NDArray:
    """What is pooled of uint8 images (B, H, W, 3): (B, C, h, w)."""
    device = encoder.mean.list_ctx()[0]
    pixels = images.as_in_context(device).astype("float32") - encoder.mean.data(device)
    features = encoder.trunk((pixels / encoder.deviation.data(device)).transpose((0, 3, 1, 2)))
    return features if encoder.local is None else encoder.local(features)
