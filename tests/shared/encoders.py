"""Small ONNX encoders of pictures of the shapes that people bring: CLIP's, a ViT's, a convolutional network's."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, FLOAT16, UINT8, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.UINT8, TensorProto.INT64
PATCH, WIDTH = 8, 6


def weights(seed=0):
    """(WIDTH, 3, PATCH, PATCH) of the embedding of patches."""
    return np.random.default_rng(seed).normal(0, 0.1, (WIDTH, 3, PATCH, PATCH)).astype(np.float32)


def save(path: Path, nodes, inputs, outputs, constants=(), **metadata) -> Path:
    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info(*value) for value in inputs],
        [helper.make_tensor_value_info(*value) for value in outputs],
        [numpy_helper.from_array(array, name) for name, array in dict(constants).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    path.write_bytes(model.SerializeToString())
    return path


def patches(given="pixel_values"):
    """Nodes that make the map (B, WIDTH, h, w) of patches, and their constant."""
    return [helper.make_node("Conv", [given, "w"], ["map"], strides=(PATCH, PATCH))], {"w": weights()}


def clip(path: Path, *, side=32, batch="batch", kind=FLOAT, **metadata) -> Path:
    """pixel_values (N, 3, 32, 32) to image_embeds and, beside it, last_hidden_state."""
    nodes, constants = patches()
    constants = {name: array.astype(np.float16 if kind == FLOAT16 else np.float32) for name, array in constants.items()}
    nodes += [
        helper.make_node("Reshape", ["map", "shape"], ["tokens"]),
        helper.make_node("Transpose", ["tokens"], ["last_hidden_state"], perm=(0, 2, 1)),
        helper.make_node("ReduceMean", ["map"], ["image_embeds"], axes=(2, 3), keepdims=0),
    ]
    outputs = [("last_hidden_state", kind, (batch, None, WIDTH)), ("image_embeds", kind, (batch, WIDTH))]
    constants["shape"] = np.array([0, WIDTH, -1])
    return save(path, nodes, [("pixel_values", kind, (batch, 3, side, side))], outputs, constants, **metadata)


def vit(path: Path, *, side: int | str = "height", class_token=True, **metadata) -> Path:
    """pixel_values (N, 3, h, w) to last_hidden_state (N, T, WIDTH) and a pooler_output; the class token is 1 to 6."""
    nodes, constants = patches()
    nodes += [
        helper.make_node("Reshape", ["map", "shape"], ["columns"]),
        helper.make_node("Transpose", ["columns"], ["places"], perm=(0, 2, 1)),
    ]
    constants |= {"shape": np.array([0, WIDTH, -1])}
    if class_token:
        constants |= {"class": np.arange(1, 1 + WIDTH, dtype=np.float32)[None, None], "zero": np.zeros(1, np.int64)}
        constants |= {"one": np.ones(1, np.int64), "like": np.array([1, WIDTH])}
        nodes += [
            helper.make_node("Shape", ["map"], ["sides"], start=0, end=1),
            helper.make_node("Concat", ["sides", "like"], ["wide"], axis=0),
            helper.make_node("Expand", ["class", "wide"], ["classes"]),
            helper.make_node("Concat", ["classes", "places"], ["last_hidden_state"], axis=1),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["places"], ["last_hidden_state"]))
    nodes.append(helper.make_node("ReduceMax", ["last_hidden_state"], ["pooler_output"], axes=(1,), keepdims=0))
    outputs = [("last_hidden_state", FLOAT, ("n", None, WIDTH)), ("pooler_output", FLOAT, ("n", WIDTH))]
    return save(path, nodes, [("pixel_values", FLOAT, ("n", 3, side, side))], outputs, constants, **metadata)


def feature_map(path: Path) -> Path:
    """input (1, 3, 24, 40) to a map (1, WIDTH, 3, 5); one picture at a time."""
    nodes, constants = patches("input")
    return save(path, nodes, [("input", FLOAT, (1, 3, 24, 40))], [("map", FLOAT, (1, WIDTH, 3, 5))], constants)


def of_bytes(path: Path) -> Path:
    """images (N, H, W, 3) uint8 to the means of their colours."""
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=FLOAT),
        helper.make_node("ReduceMean", ["floats"], ["colours"], axes=(1, 2), keepdims=0),
    ]
    return save(path, nodes, [("images", UINT8, ("n", "h", "w", 3))], [("colours", FLOAT, ("n", 3))])


def embedded(pixels: np.ndarray, mean, deviation) -> np.ndarray:
    """(B, h w, WIDTH): what ``patches`` makes of uint8 images, by a plain loop, values 0..255 normalised before."""
    values = (pixels.astype(np.float64) - mean) / deviation
    count, height, width, _ = values.shape
    rows = [
        [
            np.einsum("yxc,dcyx->d", values[i, top : top + PATCH, left : left + PATCH], weights().astype(np.float64))
            for top in range(0, height, PATCH)
            for left in range(0, width, PATCH)
        ]
        for i in range(count)
    ]
    return np.array(rows)
