"""From which side on an ONNX file may be tried, told without running it: what is empty may end the process."""

import encoders
import numpy as np
import pytest
from onnx import helper

from embedding.engine import safe


def strided(path, *, layers, window, pad=0):
    """images (N, H, W, 3) through ``layers`` maxima of every second place, then their mean."""
    nodes, given = [helper.make_node("Transpose", ["images"], ["map0"], perm=(0, 3, 1, 2))], "map0"
    for layer in range(layers):
        pooled = f"map{layer + 1}"
        how = {"kernel_shape": (window,) * 2, "strides": (2, 2), "pads": (pad,) * 4}
        nodes.append(helper.make_node("MaxPool", [given], [pooled], **how))
        given = pooled
    nodes.append(helper.make_node("ReduceMean", [given], ["vector"], axes=(2, 3), keepdims=0))
    inputs = [("images", encoders.FLOAT, ("N", "H", "W", 3))]
    return encoders.save(path, nodes, inputs, [("vector", encoders.FLOAT, ("N", 3))])


@pytest.mark.parametrize(
    "layers, window, pad, side", [(1, 3, 0, 2), (2, 3, 0, 8), (3, 3, 1, 1), (5, 4, 0, 128), (10, 4, 0, 0)]
)
def test_something_is_left_between_all_layers(tmp_path, layers, window, pad, side):
    assert safe.side(strided(tmp_path / "net.onnx", layers=layers, window=window, pad=pad)) == side


def test_a_large_weight_is_not_looked_at(tmp_path):
    nodes, constants = encoders.patches("pixels")
    transposed = helper.make_node("Transpose", ["images"], ["pixels"], perm=(0, 3, 1, 2))
    nodes = [transposed, *nodes, helper.make_node("ReduceMean", ["map"], ["vector"], axes=(2, 3), keepdims=0)]
    inputs = [("images", encoders.FLOAT, ("N", "H", "W", 3))]
    outputs = [("vector", encoders.FLOAT, ("N", encoders.WIDTH))]
    assert np.prod(constants["w"].shape) > 1024
    assert safe.side(encoders.save(tmp_path / "net.onnx", nodes, inputs, outputs, constants)) == 1
