"""Given: the vectors that a vectors file brings, where the version's network is the one that made them."""

import numpy as np

from datasets.errors import InputError
from datasets.vectors import rows
from web.galleries.models import Version
from web.galleries.sources.base import Source
from web.serving.network import Network


def vectors(version: Version, source: Source, network: Network) -> dict[str, np.ndarray]:
    """Unit rows, or packed codes, by content; none where the source has none or the network is another one.

    A file that does not tell its network is taken to be of the gallery's first. Raises InputError where they do not
    fit it.
    """
    given, facts = source.vectors(), network.facts
    if given is None or given.network not in ("", facts.network) or not given.network and version.number > 1:
        return {}
    codes = given.metric == "hamming"
    dim = given.vectors.shape[1] * (8 if codes else 1)
    if codes != facts.codes or dim != facts.dim:
        what = f"{dim} {'bits' if codes else 'numbers'}, the network makes {facts.dim} {'bits' if facts.codes else ''}"
        raise InputError(
            f"{version.gallery.source}: its vectors are of {what.strip()}; name the network that made them"
        )
    made = given.vectors if codes else _unit(rows.prepared(given.vectors, "euclidean"))
    return {content: made[row] for content, row in given.rows.items()}


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
