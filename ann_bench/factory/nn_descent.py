"""NN-Descent, for which Faiss has no factory string: "NNDescent32" is a graph of each row's 32 nearest.

Dong, Moses and Li, Efficient k-nearest neighbor graph construction for generic similarity measures, WWW 2011.
"""

import re

import faiss

from datasets.errors import InputError

_MOST_LINKS = 1000
BUILD = re.compile(r"NNDescent(\d{1,9})")
MEMORY = 1600  # bytes a row while the graph is built: its pools of candidates and lists of new and old ones
WORK = 18_000_000  # of a row, measured; much the same for 32 and 128 dimensions, 1 link and 150


def make(build: str, dim: int, measure: int) -> faiss.Index | None:
    """The empty index of such a build string, None for another; raises InputError for links that it cannot have."""
    found = BUILD.fullmatch(build)
    if found is None:
        return None
    links = int(found[1])
    if not 1 <= links <= _MOST_LINKS:
        raise InputError(f"NNDescent takes from 1 to {_MOST_LINKS} links a row")
    index = faiss.IndexNNDescentFlat(dim, links, measure)
    index.nndescent.L = max(index.nndescent.L, links + 50)  # candidates, of which the nearest become links
    return index
