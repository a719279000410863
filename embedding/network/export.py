"""A Gluon network as an ONNX file, which any machine runs without MXNet.

It is written node by node from the network's own symbol, not by MXNet's exporter: that one knows ONNX as it was in
2020, and turns some of what it does not know into something else without a word.
"""

import json
from pathlib import Path

import onnx

from datasets.files.whole import beside
from embedding.graphs.graph import FLOAT, UINT8, Graph, Value
from embedding.graphs.operators import convert
from embedding.mx import gluon, mx, nd

_IMAGES: Value = ("images", UINT8, ("N", "H", "W", 3))


def save(model: bytes, path: Path) -> None:
    """Write a model's bytes as a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with beside(path) as part:
        part.write_bytes(model)


def model(net: gluon.HybridBlock, *, given: Value = _IMAGES, **metadata: str) -> onnx.ModelProto:
    """``net``, whose weights are there, as a checked ONNX model of one input, ``given``, and one output, (N, D).

    metadata : words that are kept in the file: of images the facts of the network, as ``facts.to_words`` spells them
    The number of images, and their size, is open.
    """
    graph = Graph()
    output = _converted(net, graph, given[0])
    return graph.model([given], (output, FLOAT, ("N", "D")), **metadata)


def _converted(net: gluon.HybridBlock, graph: Graph, given: str) -> str:
    """Add all that ``net`` computes of ``given`` to ``graph``; returns the name of what comes out."""
    nd.waitall()  # oneDNN may still be laying weights out anew, and reading them meanwhile gives scrambled ones
    symbol = json.loads(net(mx.sym.var(given)).tojson())
    weights = net.collect_params()
    names: list[list[str]] = []  # of the outputs of each node
    for node in symbol["nodes"]:
        inputs = [names[i][output] for i, output, *_ in node["inputs"]]
        if node["op"] != "null":
            names.append(convert(node["op"], graph, node.get("attrs", {}), inputs))
        elif node["name"] == given:
            names.append([given])
        else:
            parameter = weights[node["name"]]
            names.append([graph.constant(parameter.data(parameter.list_ctx()[0]).asnumpy(), node["name"])])
    (head, output, *_) = symbol["heads"][0]
    return names[head][output]
