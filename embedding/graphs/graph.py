"""An ONNX graph while it is put together: nodes, constants, and what each name was made by."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8  # of 2022: whatever runs ONNX reads them

# A name with the element type and the shape of what it stands for; a side of any length has a name.
Value = tuple[str, int, Sequence[int | str]]


class Graph:
    """Nodes in the order in which they are computed, over named constants."""

    def __init__(self) -> None:
        self.constants: dict[str, np.ndarray] = {}
        self._nodes: dict[str, onnx.NodeProto] = {}  # by the name of the first thing that each gives

    def constant(self, array: np.ndarray, name: str = "") -> str:
        """The name of a constant, its own where it has one."""
        name = name or f"constant{len(self.constants)}"
        self.constants[name] = array
        return name

    def whole_numbers(self, *numbers: int) -> str:
        """The name of a constant (n,) int64."""
        return self.constant(np.array(numbers, np.int64))

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Compute ``operator``, of which only the first output is wanted; returns its name."""
        return self.add_several(1, operator, *inputs, **attributes)[0]

    def add_several(self, count: int, operator: str, *inputs: str, **attributes: Any) -> list[str]:
        """Compute ``operator``; returns the names of its first ``count`` outputs."""
        names = [f"{operator.lower()}{len(self._nodes)}{'_' * i}" for i in range(count)]
        self._nodes[names[0]] = helper.make_node(operator, inputs, names, name=names[0], **attributes)
        return names

    def origin(self, name: str, *operators: str) -> list[onnx.NodeProto]:
        """The nodes of a chain of ``operators``, the last first, that ends in ``name``; [] where it is none such.

        A chain follows the first input of each.
        """
        found: list[onnx.NodeProto] = []
        for operator in operators:
            node = self._nodes.get(name)
            if node is None or node.op_type != operator:
                return []
            found.append(node)
            name = node.input[0]
        return found

    def model(self, inputs: Sequence[Value], output: Value, **metadata: str) -> onnx.ModelProto:
        """The whole as a checked model, without what ``output`` does not need; ``metadata`` are words kept with it."""
        nodes = self._needed(output[0])
        used = {name for node in nodes for name in node.input}
        graph = helper.make_graph(
            nodes,
            metadata.get("model", "network"),
            [helper.make_tensor_value_info(*value) for value in inputs],
            [helper.make_tensor_value_info(*output)],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items() if name in used],
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="deepembedding")
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _needed(self, name: str) -> list[onnx.NodeProto]:
        wanted, nodes = {name}, []
        for node in reversed(self._nodes.values()):
            if wanted.intersection(node.output):
                nodes.append(node)
                wanted.update(node.input)
        return nodes[::-1]


FLOAT, INT32, UINT8 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.UINT8
