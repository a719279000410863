"""Extrapolation: what a point that was measured with one number of vectors would be with another one.

The exponents were measured on SIFT descriptors of photographs, 10,000 to 400,000 of them: what keeping a recall of 0.9,
0.95 or 0.99 took as the set grew, rounded; ``python -m ann_bench growth`` measures them on others. Beyond that, and for
other vectors, they are a guess, and so is the recall, which is taken to stay what it was.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ann_bench.factory.faiss_grids import inverted_lists
from ann_bench.factory.faiss_parts import SCALE
from ann_bench.indexes.base import Value
from ann_bench.results.points import Row

# How many candidates a search in a graph keeps, and in how many lists one looks, by the libraries' names.
_BREADTH = ("ef", "efSearch", "search_L", "window", "expansion_search", "MaxCheck")
_PROBES = ("nprobe", "leaves_to_search")
_GRAPHS, _LISTS = ("hnswlib", "ngt", "svs", "usearch", "sptag"), ("scann",)  # libraries that build nothing else
_MODELS = {
    "scan": "every vector is looked at: time grows as their number",
    "lists": "lists by the rule for the size, probes grow as these over the third root of the number of vectors, time"
    " as centroids and vectors seen",
    "graph": "ef grows as the number of vectors to the power 0.15, time as its power 0.45",
    "trees": "search_k and time grow as the third root of the number of vectors",
}
# Between what times the predicted QPS the measured ones were, for each tenfold number of vectors: of lists and graphs
# from 10,000 to 100,000 descriptors at recalls of 0.9, 0.95 and 0.99 (docs/tuning.md); of the others a wider guess.
_OFF = {"scan": (0.6, 1.3), "lists": (0.7, 1.3), "graph": (0.75, 1.3), "trees": (0.5, 1.5)}


@dataclass(frozen=True)
class Grown:
    """A point with another number of vectors.

    build, search : with as many lists, probes and candidates as it then should have
    memory : bytes that searching holds; index_bytes : of the index in it, 0 where it is not saved
    build_seconds : on as many threads as before
    model : in words; "" where nothing was extrapolated
    qps_low, qps_high : between which the QPS were found where such extrapolations were held against measurements
    """

    build: str
    search: str
    qps: float
    memory: float
    index_bytes: float
    build_seconds: float
    model: str
    qps_low: float = 0.0
    qps_high: float = 0.0


def kind(index: str, build: str) -> str:
    """How a search goes about it: "lists" (inverted file), "graph", "trees" or "scan", which any other is taken for."""
    words = build.replace(" ", "").split(",")
    if index == "annoy":
        return "trees"
    if index in _LISTS or any(re.match(r"B?IVF|IMI", word) for word in words):
        return "lists"
    return "graph" if index in _GRAPHS or any(re.match(r"B?HNSW|NSG|NNDescent", word) for word in words) else "scan"


def grow(row: Row, count: int) -> Grown:
    """The point ``row`` with ``count`` vectors; unchanged where it was measured with so many."""
    before = int(row["gallery"])
    memory = _memory(row, count), float(row.get("index_bytes") or 0) * count / before
    if count == before:
        between = row.get("qps_low", row["qps"]), row.get("qps_high", row["qps"])
        return Grown(row["build"], row["search"], row["qps"], *memory, row["build_seconds"], "", *between)
    way = kind(row["index"], row["build"])
    grown = {"lists": _lists, "graph": _graph, "trees": _trees, "scan": _scan}[way]
    build, search, slower, longer = grown(row, count / before)
    qps = row["qps"] / slower
    tenfold = abs(math.log10(count / before))
    between = (qps * factor**tenfold for factor in _OFF[way])
    return Grown(build, search, qps, *memory, row["build_seconds"] * longer, _MODELS[way], *between)


def resized(index: str, build: str, before: int, after: int) -> str:
    """A build for ``before`` vectors as it should be for ``after``: with another number of lists, where it has any."""
    if kind(index, build) != "lists" or before == after:
        return build
    return _divided(build, inverted_lists(after) / inverted_lists(before), after / before)[0]


def searched(index: str, build: str, search: Mapping[str, Value], before: int, after: int) -> dict[str, Value]:
    """Search parameters that did with ``before`` vectors, as they should be with ``after``."""
    words = " ".join(f"{name}={value}" for name, value in search.items())
    row = {"build": build, "search": words, "gallery": before}
    ways = {"lists": _lists, "graph": _graph, "trees": _trees, "scan": _scan}
    grown = words if before == after else ways[kind(index, build)](row, after / before)[1]
    return {name: type(search[name])(value) for name, value in values(grown).items()}


def _memory(row: Row, count: int) -> float:
    """The index with so many more vectors, and what the process held besides."""
    index, peak = float(row.get("index_bytes") or 0), float(row.get("search_peak_bytes") or 0)
    if not index:  # it is not saved, and its size is hidden in the process's
        return peak * count / row["gallery"]
    return index * count / row["gallery"] + max(0.0, peak - index)


# (build, search, how many times as long a search takes, and a build) with so many times the vectors
_Change = tuple[str, str, float, float]


def _scan(row: Row, times: float) -> _Change:
    return row["build"], row["search"], times, times


def _graph(row: Row, times: float) -> _Change:
    slower = times**0.45
    return row["build"], _tuned(row["search"], dict.fromkeys(_BREADTH, times**0.15)), slower, times * slower


def _trees(row: Row, times: float) -> _Change:
    slower = times ** (1 / 3)
    return row["build"], _tuned(row["search"], {"search_k": slower}), slower, times


def _lists(row: Row, times: float) -> _Change:
    count = row["gallery"]
    advice = inverted_lists(round(count * times)) / inverted_lists(count)
    build, before, after = _divided(row["build"], advice, times)
    more = after / before
    farther = more / times ** (1 / 3)
    search = _tuned(row["search"], {**dict.fromkeys(_PROBES, farther), "max_codes": times * farther / more})
    known = values(row["search"])
    probes = min(next((known[name] for name in _PROBES if name in known), 1.0), before)
    # Every centroid is looked at, unless a graph or a product finds the nearest of them.
    centroids = 0 if "_HNSW" in build or "IMI" in build else 1
    first = centroids * before + probes * count / before
    then = centroids * after + probes * farther * count * times / after
    return build, search, then / first, times * (more if centroids else 1)  # each vector goes to its nearest centroid


def _divided(build: str, advice: float, times: float) -> tuple[str, int, int]:
    """The build with ``advice`` times as many lists, and how many it had and then has."""
    product = re.search(r"IMI2x(\d+)", build)
    if product:  # 4 times the cells a bit; as many vectors a cell as before
        bits = int(product[1])
        more = max(1, min(14, bits + round(math.log2(times) / 2)))
        return build.replace(product[0], f"IMI2x{more}"), 4**bits, 4**more
    found = re.search(r"(IVF(?=\d)|nlist=|ncentroids=|leaves=)(\d+)([kM]?)", build)
    if not found:
        return build, 1, 1
    lists = int(found[2]) * SCALE[found[3]]
    more = max(1, round(lists * advice))
    return build.replace(found[0], f"{found[1]}{more}", 1), lists, more


def values(search: str) -> dict[str, float]:
    """ "nprobe=8 ht=54" as numbers."""
    return {name: float(value) for name, _, value in (part.partition("=") for part in search.split())}


def _tuned(search: str, factors: dict[str, float]) -> str:
    """The search parameters, those in ``factors`` so many times as large; 0, which switches one off, stays 0."""
    words = []
    for part in search.split():
        name, _, value = part.partition("=")
        if name in factors and float(value):
            part = f"{name}={max(1, round(float(value) * factors[name]))}"
        words.append(part)
    return " ".join(words)
