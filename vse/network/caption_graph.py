"""The caption tower as an ONNX graph, which is written by hand: ONNX has a GRU that heeds the lengths of captions."""

import numpy as np
import onnx

from embedding.graphs.graph import FLOAT, INT32, Graph
from embedding.graphs.operators import unit_rows
from embedding.mx import gluon, nd
from vse.network.towers import CaptionTower


def model(tower: CaptionTower, *, layers: int, positive: bool, **metadata: str) -> onnx.ModelProto:
    """``words`` (B, T) int32 by number and ``lengths`` (B,) int32, at least 1, to embeddings (B, D); B and T are open.

    layers, positive : those of the tower
    metadata : words that are kept in the file
    """
    nd.waitall()
    graph = Graph()
    table = graph.constant(_array(tower.words.weight), "words_table")
    steps = graph.add("Transpose", graph.add("Gather", table, "words"), perm=(1, 0, 2))  # (T, B, E)
    for layer in range(layers):
        all_states, last = graph.add_several(2, "GRU", steps, *_weights(graph, tower.gru, layer), **_HOW, **_of(tower))
        steps = graph.add("Squeeze", all_states, graph.whole_numbers(1))
    embeddings = unit_rows(graph, graph.add("Squeeze", last, graph.whole_numbers(0)))
    if positive:
        embeddings = graph.add("Abs", embeddings)
    given = [("words", INT32, ("B", "T")), ("lengths", INT32, ("B",))]
    return graph.model(given, (embeddings, FLOAT, ("B", "D")), **metadata)


_HOW = {"linear_before_reset": 1}  # the bias of the state stands inside of the reset, as cuDNN has it


def _of(tower: CaptionTower) -> dict[str, int]:
    return {"hidden_size": tower.gru._hidden_size}


def _weights(graph: Graph, gru: gluon.rnn.GRU, layer: int) -> list[str]:
    """The names of a layer's weights of inputs and of the state, their biases, and the lengths."""
    arrays = {
        kind: _in_order(_array(getattr(gru, f"l{layer}_{kind}")))
        for kind in ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias")
    }
    biases = np.concatenate([arrays["i2h_bias"], arrays["h2h_bias"]])
    found = (arrays["i2h_weight"], arrays["h2h_weight"], biases)
    return [*(graph.constant(array[None]) for array in found), "lengths"]


def _in_order(gates: np.ndarray) -> np.ndarray:
    """Reset, update, candidate, as MXNet has them, as update, reset, candidate, as ONNX has."""
    reset, update, candidate = np.split(gates, 3)
    return np.concatenate([update, reset, candidate])


def _array(parameter: gluon.Parameter) -> np.ndarray:
    return parameter.data(parameter.list_ctx()[0]).asnumpy()
