"""Safe: from which size of pictures on one may try an ONNX file, told from the shapes of its layers alone.

Below, where nothing is left of a picture between two layers, ONNX Runtime may divide by zero, which ends the process.
"""

import math
from pathlib import Path
from typing import Any

_SIDES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_LARGE = 1024  # numbers of a constant from which on it is a weight, whose shape is all that counts


def side(path: Path) -> int:
    """The least side, a power of 2 up to 512, of a square picture that leaves no layer of ``path`` empty; 0 for none.

    path : of a file of ours, which takes pictures (N, H, W, 3) of any size
    """
    import onnx  # with ONNX Runtime an extra

    model = onnx.load(str(path))
    for constant in model.graph.initializer:
        if math.prod(constant.dims) > _LARGE:
            constant.CopyFrom(onnx.TensorProto(name=constant.name, dims=constant.dims, data_type=constant.data_type))
    return next((side for side in _SIDES if _takes(onnx, model, side)), 0)


def _takes(onnx: Any, model: Any, side: int) -> bool:
    sides = model.graph.input[0].type.tensor_type.shape.dim
    for dim, value in zip(sides[:3], (1, side, side), strict=True):
        dim.dim_value = value
    try:
        found = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    except onnx.shape_inference.InferenceError:
        return False
    values = [*found.graph.value_info, *found.graph.output]
    return all(
        not dim.HasField("dim_value") or dim.dim_value > 0
        for value in values
        for dim in value.type.tensor_type.shape.dim
    )
