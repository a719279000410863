"""Regions of feature maps whose size is still open: what R-MAC pools, written in ONNX's operators.

The numbers are those of ``embedding.network.regions``, reckoned in the graph, in single precision where they are there.
"""

from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from embedding.graphs.graph import FLOAT, Graph

_INT = TensorProto.INT64


def maxima(graph: Graph, x: str, *, levels: int, overlap: float) -> str:
    """(B, C, R), the maxima of the regions of maps (B, C, h, w)."""
    far = graph.constant(np.array(-np.inf, np.float32))

    def of_level(rows: str, columns: str, _: str) -> str:
        spread = graph.add("Unsqueeze", x, graph.whole_numbers(3))  # (B, C, h, 1, w)
        along = graph.add("ReduceMax", graph.add("Where", columns, spread, far), axes=(4,), keepdims=0)
        spread = graph.add("Unsqueeze", along, graph.whole_numbers(2))  # (B, C, 1, h, n)
        inside = graph.add("Unsqueeze", rows, graph.whole_numbers(2))  # (m, h, 1)
        return graph.add("ReduceMax", graph.add("Where", inside, spread, far), axes=(3,), keepdims=0)

    return _regions(graph, x, of_level, "ReduceMax", levels, overlap)


def means(graph: Graph, x: str, *, levels: int, overlap: float) -> str:
    """(B, C, R), the means of the regions of maps (B, C, h, w)."""

    def of_level(rows: str, columns: str, side: str) -> str:
        shares = [graph.add("Div", graph.add("Cast", mask, to=FLOAT), side) for mask in (rows, columns)]
        along = graph.add("MatMul", x, graph.add("Transpose", shares[1], perm=(1, 0)))
        return graph.add("MatMul", shares[0], along)

    return _regions(graph, x, of_level, "ReduceMean", levels, overlap)


def _regions(
    graph: Graph, x: str, of_level: Callable[[str, str, str], str], of_all: str, levels: int, overlap: float
) -> str:
    """The whole map by the operator ``of_all``, then each level by ``of_level``: (B, C, m, n) of m by n regions.

    That gets for the rows and for the columns which places (m, h), (n, w) are in each of them, and their side.
    """
    high, wide = (graph.add("Shape", x, start=axis, end=axis + 1) for axis in (2, 3))
    short, long = graph.add("Min", high, wide), graph.add("Max", high, wide)
    more = _more(graph, short, long, overlap)
    found = [graph.add(of_all, x, axes=(2, 3), keepdims=1)]
    for level in range(1, levels + 1):
        side = graph.add("Div", graph.add("Mul", short, graph.whole_numbers(2)), graph.whole_numbers(level + 1))
        masks = []
        for length, other in ((high, wide), (wide, high)):
            longer = graph.add("Cast", graph.add("Greater", length, other), to=_INT)
            count = graph.add("Add", graph.add("Mul", longer, more), graph.whole_numbers(level))
            masks.append(_inside(graph, length, side, count))
        found.append(of_level(*masks, graph.add("Cast", side, to=FLOAT)))
    flat = [graph.add("Reshape", part, graph.whole_numbers(0, 0, -1)) for part in found]
    return graph.add("Concat", *flat, axis=2)


def _more(graph: Graph, short: str, long: str, overlap: float) -> str:
    """(1,): how many regions more there are along the longer side."""
    shares = graph.constant(np.float32(1) / np.arange(1, 7, dtype=np.float32))
    step = graph.add("Mul", graph.add("Cast", graph.add("Sub", long, short), to=FLOAT), shares)
    side, square = (graph.add("Cast", number, to=FLOAT) for number in (short, graph.add("Mul", short, short)))
    common = graph.add("Div", graph.add("Sub", square, graph.add("Mul", side, step)), square)
    away = graph.add("Abs", graph.add("Sub", common, graph.constant(np.array(overlap, np.float32))))
    return graph.add("Add", graph.add("ArgMin", away, axis=0, keepdims=1), graph.whole_numbers(1))


def _inside(graph: Graph, length: str, side: str, count: str) -> str:
    """(n, length) bool: which places are in each of n regions of ``side``; none of side 0."""
    one, two = (graph.constant(np.array([number], np.float32)) for number in (1, 2))
    count = graph.add("Mul", count, graph.add("Min", side, graph.whole_numbers(1)))
    width, room = (graph.add("Cast", number, to=FLOAT) for number in (side, graph.add("Sub", length, side)))
    gaps = graph.add("Max", graph.add("Sub", graph.add("Cast", count, to=FLOAT), one), one)
    half = graph.add("Floor", graph.add("Sub", graph.add("Div", width, two), one))
    along = graph.add("Mul", _numbers(graph, count), graph.add("Div", room, gaps))
    starts = graph.add("Sub", graph.add("Floor", graph.add("Add", half, along)), half)
    place = graph.add("Sub", _numbers(graph, length), graph.add("Unsqueeze", starts, graph.whole_numbers(1)))
    zero = graph.constant(np.array(0, np.float32))
    return graph.add("And", graph.add("GreaterOrEqual", place, zero), graph.add("Less", place, width))


def _numbers(graph: Graph, count: str) -> str:
    """0, 1, ... (count,) float."""
    end = graph.add("Squeeze", count, graph.whole_numbers(0))
    zero, one = (graph.constant(np.array(number, np.int64)) for number in (0, 1))
    return graph.add("Cast", graph.add("Range", zero, end, one), to=FLOAT)
