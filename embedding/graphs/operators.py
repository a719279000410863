"""MXNet's operators, as far as our networks use them, written in those of ONNX."""

import ast
from collections.abc import Mapping
from typing import Any

import numpy as np

from embedding.graphs import layers, regions
from embedding.graphs.graph import FLOAT, Graph
from embedding.graphs.layers import Convert, Inputs, Settings, must


def convert(operator: str, graph: Graph, settings: Mapping[str, str], inputs: Inputs) -> list[str]:
    """Add to ``graph`` what MXNet's ``operator`` computes of ``inputs``; returns the names of its outputs.

    Raises NotImplementedError for what has no such form here: better none than a wrong one.
    """
    if operator not in _OPERATORS:
        raise NotImplementedError(f"MXNet's operator {operator} has no form in ONNX here")
    made = _OPERATORS[operator](graph, {name: _value(text) for name, text in settings.items()}, inputs)
    return [made] if isinstance(made, str) else made


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _same(operator: str, **attributes: Any) -> Convert:
    """An operator that ONNX has too; what it broadcasts, ONNX does by the same rule."""
    return lambda graph, settings, inputs: graph.add(operator, *inputs, **attributes)


def _with_number(operator: str, *, first: bool = False) -> Convert:
    """``operator`` of the input and the setting ``scalar``; ``first``: of the scalar and the input."""

    def made(graph: Graph, settings: Settings, inputs: Inputs) -> str:
        both = [inputs[0], graph.constant(np.array(settings["scalar"], np.float32))]
        return graph.add(operator, *(both[::-1] if first else both))

    return made


def _first(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """What changes nothing where nothing is trained."""
    return inputs[0]


def _activation(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    kinds = {"relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "softrelu": "Softplus", "softsign": "Softsign"}
    return graph.add(kinds[settings["act_type"]], inputs[0])


def _minimum(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """min(relu(x), c) as one Clip, which runs inside the convolution before it."""
    if relu := graph.origin(inputs[0], "Relu"):
        bounds = (graph.constant(np.array(bound, np.float32)) for bound in (0, settings["scalar"]))
        return graph.add("Clip", relu[0].input[0], *bounds)
    return _with_number("Min")(graph, settings, inputs)


def _clip(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    bounds = (graph.constant(np.array(settings[name], np.float32)) for name in ("a_min", "a_max"))
    return graph.add("Clip", inputs[0], *bounds)


def _with_cast(operator: str) -> Convert:
    """A comparison with the setting ``scalar``, whose answers are numbers, 0 and 1."""
    compared = _with_number(operator)
    return lambda graph, settings, inputs: graph.add("Cast", compared(graph, settings, inputs), to=FLOAT)


def _sum(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    axes = settings["axis"]
    axes = graph.whole_numbers(*((axes,) if isinstance(axes, int) else axes))
    return graph.add("ReduceSum", inputs[0], axes, keepdims=int(bool(settings.get("keepdims", False))))


def _softmax(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    must(settings.get("temperature") in (None, 1.0), "a softmax with a temperature")
    must(not settings.get("use_length", False), "a softmax over a part")
    return graph.add("Softmax", inputs[0], axis=settings.get("axis", -1))


def _batch_dot(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """The products of the matrices (B, n, m) of two inputs."""
    sides = [
        graph.add("Transpose", given, perm=(0, 2, 1)) if settings.get(f"transpose_{side}", False) else given
        for side, given in zip("ab", inputs, strict=True)
    ]
    return graph.add("MatMul", *sides)


def _over(operator: str) -> Convert:
    """The mean or maximum over some axes."""

    def made(graph: Graph, settings: Settings, inputs: Inputs) -> str:
        axes = settings["axis"]
        axes = (axes,) if isinstance(axes, int) else axes
        return graph.add(operator, inputs[0], axes=axes, keepdims=int(bool(settings.get("keepdims", False))))

    return made


def _reshape(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """0 is the side as it is, and -1 what is left, in both; MXNet's other numbers below 0 are nowhere else."""
    shape = settings["shape"]
    must(min(shape) >= -1, f"a reshape to {shape}")
    return graph.add("Reshape", inputs[0], graph.whole_numbers(*shape))


def _concat(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    return graph.add("Concat", *inputs, axis=settings.get("dim", 1))


def _split(graph: Graph, settings: Settings, inputs: Inputs) -> list[str]:
    must(not settings.get("squeeze_axis", False), "a split that takes its axis away")
    return graph.add_several(settings["num_outputs"], "Split", inputs[0], axis=settings.get("axis", 1))


def _slice_axis(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    begin, end = settings["begin"], settings["end"]
    if begin == 0 and end is None:
        return inputs[0]
    ends = np.iinfo(np.int64).max if end is None else end
    return graph.add("Slice", inputs[0], *(graph.whole_numbers(n) for n in (begin, ends, settings["axis"])))


def _reverse(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    axis = settings["axis"]
    (axis,) = axis if isinstance(axis, tuple) else (axis,)
    bounds = (graph.whole_numbers(number) for number in (-1, np.iinfo(np.int64).min, axis, -1))
    return graph.add("Slice", inputs[0], *bounds)


def _broadcast_like(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    x, like = inputs
    return graph.add("Expand", x, graph.add("Shape", like))


def _l2_normalization(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """x / sqrt(sum x^2 + eps) of rows (B, D), or of (B, C, ...) over channels or over all places of one."""
    mode, x = settings.get("mode", "instance"), inputs[0]
    eps = float(settings.get("eps", 1e-10))
    if mode == "spatial":
        flat = graph.add("Reshape", x, graph.whole_numbers(0, 0, -1))
        return graph.add("Reshape", _unit(graph, flat, eps, axis=2), graph.add("Shape", x))
    return _unit(graph, x, eps, axis=1)  # rows are what "instance" is used for here


def unit_rows(graph: Graph, rows: str, *, eps: float = 1e-10) -> str:
    """Rows (B, D) at unit length, as ``L2Normalization`` makes them."""
    return _unit(graph, rows, eps, axis=1)


def _unit(graph: Graph, x: str, eps: float, *, axis: int) -> str:
    squares = graph.add("ReduceSum", graph.add("Mul", x, x), graph.whole_numbers(axis), keepdims=1)
    length = graph.add("Sqrt", graph.add("Add", squares, graph.constant(np.array(eps, np.float32))))
    return graph.add("Div", x, length)


def _custom(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """Means or maxima of regions."""
    kinds = {"region_means": regions.means, "region_maxima": regions.maxima}
    must(settings["op_type"] in kinds, f"a custom {settings['op_type']}")
    how = {name: settings[name] for name in ("levels", "overlap")}
    return kinds[settings["op_type"]](graph, inputs[0], **how)


def _cast(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    must(settings["dtype"] == "float32", f"a cast to {settings['dtype']}")
    return graph.add("Cast", inputs[0], to=FLOAT)


def _transpose(graph: Graph, settings: Settings, inputs: Inputs) -> str:
    """Images that were normalised before are laid out anew as bytes, a quarter as much to move, and then normalised."""
    axes = settings["axes"]
    chain = graph.origin(inputs[0], "Div", "Sub", "Cast")
    if not chain:
        return graph.add("Transpose", inputs[0], perm=axes)
    divide, subtract, cast = chain
    mean, deviation = (graph.constants[node.input[1]].transpose(axes) for node in (subtract, divide))
    pixels = graph.add("Cast", graph.add("Transpose", cast.input[0], perm=axes), to=FLOAT)
    centred = graph.add("Sub", pixels, graph.constant(mean))
    return graph.add("Mul", centred, graph.constant((1 / deviation.astype(np.float64)).astype(np.float32)))


_OPERATORS: dict[str, Convert] = {
    "Activation": _activation,
    "BatchNorm": layers.batch_norm,
    "BlockGrad": _first,
    "Cast": _cast,
    "Concat": _concat,
    "Convolution": layers.convolution,
    "Custom": _custom,
    "Dropout": _first,
    "Flatten": _same("Flatten", axis=1),
    "FullyConnected": layers.dense,
    "L2Normalization": _l2_normalization,
    "Pooling": layers.pooling,
    "Reshape": _reshape,
    "SliceChannel": _split,
    "_contrib_AdaptiveAvgPooling2D": layers.adaptive_mean,
    "_div_scalar": _with_number("Div"),
    "_greater_scalar": _with_cast("Greater"),
    "_maximum_scalar": _with_number("Max"),
    "_minimum_scalar": _minimum,
    "_minus_scalar": _with_number("Sub"),
    "_mul_scalar": _with_number("Mul"),
    "_plus_scalar": _with_number("Add"),
    "_power_scalar": _with_number("Pow"),
    "_rdiv_scalar": _with_number("Div", first=True),
    "_rminus_scalar": _with_number("Sub", first=True),
    "_copy": _first,
    "abs": _same("Abs"),
    "batch_dot": _batch_dot,
    "broadcast_add": _same("Add"),
    "broadcast_div": _same("Div"),
    "broadcast_like": _broadcast_like,
    "broadcast_mul": _same("Mul"),
    "broadcast_power": _same("Pow"),
    "broadcast_sub": _same("Sub"),
    "clip": _clip,
    "elemwise_add": _same("Add"),
    "elemwise_mul": _same("Mul"),
    "log": _same("Log"),
    "max": _over("ReduceMax"),
    "mean": _over("ReduceMean"),
    "reciprocal": _same("Reciprocal"),
    "reverse": _reverse,
    "sigmoid": _same("Sigmoid"),
    "slice_axis": _slice_axis,
    "softmax": _softmax,
    "sqrt": _same("Sqrt"),
    "sum": _sum,
    "tanh": _same("Tanh"),
    "topk": layers.largest,
    "transpose": _transpose,
}
