"""Extrapolation: what a point that was measured with one number of vectors would be with another one.

The exponents were measured on SIFT descriptors of photographs, 25,000 to 400,000 of them: what keeping a recall of 0.9
or 0.95 took as the set grew, rounded. Beyond that, and for other vectors, they are a guess, and so is the recall, which
is taken to stay what it was.
"""

import math
import re
from dataclasses import dataclass

from ann_bench.factory.faiss_grids import inverted_lists
from ann_bench.factory.faiss_parts import SCALE
from ann_bench.results.points import Row

_BREADTH = ("ef", "efSearch", "search_L")  # how many candidates a search in a graph keeps
_MODELS = {
    "scan": "every vector is looked at: time grows as their number",
    "lists": "lists by the rule for the size, probes grow as their square root, time as centroids and vectors seen",
    "graph": "ef grows as the fifth root of the number of vectors, time as its power 0.4",
    "trees": "search_k and time grow as the third root of the number of vectors",
}


@dataclass(frozen=True)
class Grown:
    """A point with another number of vectors.

    build, search : with as many lists, probes and candidates as it then should have
    memory : bytes that searching holds; index_bytes : of the index in it, 0 where it is not saved
    build_seconds : on as many threads as before
    model : in words; "" where nothing was extrapolated
    """

    build: str
    search: str
    qps: float
    memory: float
    index_bytes: float
    build_seconds: float
    model: str


def kind(index: str, build: str) -> str:
    """How a search goes about it: "lists" (inverted file), "graph", "trees" or "scan", which any other is taken for."""
    words = build.replace(" ", "").split(",")
    if index == "annoy":
        return "trees"
    if any(re.match(r"B?IVF|IMI", word) for word in words):
        return "lists"
    return "graph" if index == "hnswlib" or any(re.match(r"B?HNSW|NSG|NNDescent", word) for word in words) else "scan"


def grow(row: Row, count: int) -> Grown:
    """The point ``row`` with ``count`` vectors; unchanged where it was measured with so many."""
    before = int(row["gallery"])
    memory = _memory(row, count), float(row.get("index_bytes") or 0) * count / before
    if count == before:
        return Grown(row["build"], row["search"], row["qps"], *memory, row["build_seconds"], "")
    way = kind(row["index"], row["build"])
    grown = {"lists": _lists, "graph": _graph, "trees": _trees, "scan": _scan}[way]
    build, search, slower, longer = grown(row, count / before)
    return Grown(build, search, row["qps"] / slower, *memory, row["build_seconds"] * longer, _MODELS[way])


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
    slower = times**0.4
    return row["build"], _tuned(row["search"], dict.fromkeys(_BREADTH, times**0.2)), slower, times * slower


def _trees(row: Row, times: float) -> _Change:
    slower = times ** (1 / 3)
    return row["build"], _tuned(row["search"], {"search_k": slower}), slower, times


def _lists(row: Row, times: float) -> _Change:
    count = row["gallery"]
    advice = inverted_lists(round(count * times)) / inverted_lists(count)
    build, before, after = _divided(row["build"], advice, times)
    more = after / before
    search = _tuned(row["search"], {"nprobe": more**0.5, "max_codes": times / more**0.5})
    probes = min(_values(row["search"]).get("nprobe", 1.0), before)
    # Every centroid is looked at, unless a graph or a product finds the nearest of them.
    centroids = 0 if "_HNSW" in build or "IMI" in build else 1
    first = centroids * before + probes * count / before
    then = centroids * after + probes * more**0.5 * count * times / after
    return build, search, then / first, times * (more if centroids else 1)  # each vector goes to its nearest centroid


def _divided(build: str, advice: float, times: float) -> tuple[str, int, int]:
    """The build with ``advice`` times as many lists, and how many it had and then has."""
    product = re.search(r"IMI2x(\d+)", build)
    if product:  # 4 times the cells a bit; as many vectors a cell as before
        bits = int(product[1])
        more = max(1, min(14, bits + round(math.log2(times) / 2)))
        return build.replace(product[0], f"IMI2x{more}"), 4**bits, 4**more
    found = re.search(r"(IVF|nlist=)(\d+)([kM]?)", build)
    if not found:
        return build, 1, 1
    lists = int(found[2]) * SCALE[found[3]]
    more = max(1, round(lists * advice))
    return build.replace(found[0], f"{found[1]}{more}", 1), lists, more


def _values(search: str) -> dict[str, float]:
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
