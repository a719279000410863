"""Given: the vectors that a vectors file brings, where the version's network is the one that made them."""

import numpy as np

from datasets.errors import InputError
from datasets.vectors import rows
from embedding.batches.decode import parse_size, show_size
from web.galleries.models import Version
from web.galleries.sources.base import Given, Source
from web.serving import signs
from web.serving.network import Network


def vectors(version: Version, source: Source, network: Network) -> dict[str, np.ndarray]:
    """Unit rows by content; none where the source has none, or the network is not the one that made them.

    A file that does not tell its network is taken to be of the gallery's first. Raises InputError where they do not
    fit it.
    """
    given, facts = source.vectors(), network.facts
    if given is None or not _is_of(given, version, network):
        return {}
    codes = given.metric == "hamming"
    dim = given.vectors.shape[1] * (8 if codes else 1)
    if codes != facts.codes or dim != facts.dim:
        its, ours = (
            f"{count} {'bits' if bits else 'numbers'}" for count, bits in ((dim, codes), (facts.dim, facts.codes))
        )
        raise InputError(f"{version.gallery.source}: its vectors have {its}, the network makes {ours}; name theirs")
    seen = given.attrs.get("image_size")
    if seen and parse_size(str(seen), "image size") != network.size:
        ours = show_size(network.size)
        raise InputError(f"{version.gallery.source}: was made of pictures of {seen} pixels, not {ours}; give that size")
    made = signs.of_codes(given.vectors) if codes else rows.prepared(given.vectors, "angular")
    return {content: made[row] for content, row in given.rows.items()}


def _is_of(given: Given, version: Version, network: Network) -> bool:
    if not given.network:
        return version.number == 1
    return given.network in (network.facts.network, network.describer.engine.facts.network)
