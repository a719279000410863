"""Layers of MXNet, those with a window or with weights, in ONNX's operators."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from embedding.graphs.graph import FLOAT, Graph

# Of an operator: its settings by name, as MXNet's symbols have them, and the names of its inputs.
Settings = Mapping[str, Any]
Inputs = Sequence[str]
# Returns the name of what it gives, or the names where an operator gives several things.
Convert = Callable[[Graph, Settings, Inputs], str | list[str]]


def must(holds: bool, what: str) -> None:
    """Raises NotImplementedError where ``what``, a setting of an operator, has no form here."""
    if not holds:
        raise NotImplementedError(f"{what} has no form in ONNX here")


def convolution(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """A convolution, in groups or not."""
    must(settings.get("layout", "NCHW") == "NCHW", "a convolution of another layout")
    kernel = settings["kernel"]
    return graph.add(
        "Conv",
        *inputs,
        kernel_shape=kernel,
        strides=settings.get("stride", (1,) * len(kernel)),
        dilations=settings.get("dilate", (1,) * len(kernel)),
        pads=_both_sides(settings.get("pad", (0,) * len(kernel))),
        group=settings.get("num_group", 1),
    )


def _both_sides(pad: Sequence[int]) -> list[int]:
    return [*pad, *pad]


def batch_norm(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """A batch norm by its stored statistics."""
    must(settings.get("axis", 1) == 1, "a batch norm over another axis")
    x, gamma, beta, mean, variance = inputs
    if settings.get("fix_gamma", True):
        gamma = graph.constant(np.ones_like(graph.constants[gamma]))
    return graph.add("BatchNormalization", x, gamma, beta, mean, variance, epsilon=float(settings.get("eps", 1e-3)))


def pooling(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """The maxima or means of windows."""
    kind = settings.get("pool_type", "max")
    must(kind in ("max", "avg"), f"pooling by {kind}")
    if settings.get("global_pool"):
        return graph.add("GlobalMaxPool" if kind == "max" else "GlobalAveragePool", inputs[0])
    kernel = settings["kernel"]
    how = {
        "kernel_shape": kernel,
        "strides": settings.get("stride", (1,) * len(kernel)),
        "pads": _both_sides(settings.get("pad", (0,) * len(kernel))),
        "ceil_mode": int(settings.get("pooling_convention", "valid") == "full"),
    }
    if kind == "max":
        return graph.add("MaxPool", inputs[0], **how)
    must(not how["ceil_mode"], "a mean over parts that reach beyond the feature map")
    return graph.add("AveragePool", inputs[0], count_include_pad=int(settings.get("count_include_pad", True)), **how)


def dense(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """A dense layer of all that an image has, or of the last side alone."""
    x, *weights = inputs
    if not settings.get("flatten", True):
        product = graph.add("MatMul", x, graph.add("Transpose", weights[0], perm=(1, 0)))
        return graph.add("Add", product, weights[1]) if len(weights) > 1 else product
    return graph.add("Gemm", graph.add("Flatten", x, axis=1), *weights, transB=1)


def largest(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """The k largest along an axis, the largest first."""
    must(settings.get("ret_typ") == "value", "places of the largest")
    must(not settings.get("is_ascend", False), "the smallest in place of the largest")
    count = graph.whole_numbers(settings.get("k", 1))
    return graph.add_several(2, "TopK", inputs[0], count, axis=settings.get("axis", -1))[0]


def adaptive_mean(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """Means of n x n parts of (B, C, h, w): rows and columns are weighed by two matrices, which follow its size."""
    sides = settings["output_size"]
    high, wide = (sides, sides) if isinstance(sides, int) else (sides * 2 if len(sides) == 1 else sides)
    x = inputs[0]
    if (high, wide) == (1, 1):
        return graph.add("GlobalAveragePool", x)
    columns = graph.add("MatMul", x, graph.add("Transpose", _weights(graph, x, 3, wide), perm=(1, 0)))
    return graph.add("MatMul", _weights(graph, x, 2, high), columns)


def _weights(graph: Graph, x: str, axis: int, parts: int) -> str:
    """(parts, s): the share of each of the s places of an ``axis`` in the mean of part i, from i s // n on.

    It ends before ceil((i + 1) s / n), so that parts share a place where n does not divide s.
    """
    zero, one, count = (graph.constant(np.array(number, np.int64)) for number in (0, 1, parts))
    side = graph.add("Gather", graph.add("Shape", x), graph.constant(np.array(axis, np.int64)))
    numbers = np.arange(parts)[:, None]
    first = graph.add("Div", graph.add("Mul", graph.constant(numbers), side), count)
    upper = graph.add("Add", graph.add("Mul", graph.constant(numbers + 1), side), graph.constant(np.array(parts - 1)))
    end = graph.add("Div", upper, count)
    places = graph.add("Range", zero, side, one)
    inside = graph.add("And", graph.add("GreaterOrEqual", places, first), graph.add("Less", places, end))
    width = graph.add("Cast", graph.add("Sub", end, first), to=FLOAT)
    return graph.add("Div", graph.add("Cast", inside, to=FLOAT), width)
