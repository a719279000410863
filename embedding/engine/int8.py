"""int8: a network's ONNX file in whole numbers of 8 bits, and what that costs and gains."""

import contextlib
import hashlib
import logging
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.files.whole import beside
from datasets.vectors import exact
from embedding.engine.base import Engine
from embedding.engine.onnx import OnnxEngine

_AT_ONCE = 4  # pictures: the quantizer holds all that a network computes of them
_NEAREST = 10


@dataclass(frozen=True)
class Cost:
    """What whole numbers cost and gain on N pictures, each asked for among all others.

    recall : of the float network and of this one, recall@1 by labels; None without labels
    kept : share of the 10 nearest of the float network that are among those of this one
    speed : images/s of the float network and of this one, measured in turns
    """

    count: int
    recall: tuple[float, float] | None
    kept: float
    speed: tuple[float, float]

    @property
    def line(self) -> str:
        """All of it in a line."""
        scores = f"{self.kept:.3f} of the {_NEAREST} nearest are the same"
        if self.recall:
            scores = f"recall@1 {self.recall[1]:.4f}, {self.recall[0]:.4f} in floats; {scores}"
        slow, fast = self.speed
        return f"int8 on {self.count} pictures: {scores}; {fast:.0f} images/s, {slow:.0f} in floats"


def mark(network: str, pixels: np.ndarray) -> str:
    """The fingerprint of a network in whole numbers that were chosen for ``pixels``."""
    digest = hashlib.sha256(f"int8 {network} {pixels.shape}".encode())
    digest.update(np.ascontiguousarray(pixels))
    return digest.hexdigest()[:16]


def write(path: Path, pixels: np.ndarray, network: str, out: Path) -> None:
    """Write the ONNX file ``path`` in whole numbers, whose ranges are those that ``pixels`` have, as ``out``.

    pixels : (N, H, W, 3) uint8, some hundred of the pictures that it will see
    network : its fingerprint, as ``mark`` has it
    All convolutions, and what stands between them, become whole; what comes before and after stays in floats.
    """
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory() as folder, beside(out) as part, _quietly():
        plain = Path(folder) / "plain.onnx"
        quant_pre_process(str(path), str(plain), skip_symbolic_shape=True)  # batch norms become part of convolutions
        quantization.quantize_static(
            str(plain),
            str(part),
            _Calibration(pixels),
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            nodes_to_exclude=_in_floats(onnx.load(plain)),
        )
        model = onnx.load(part)
        words = {prop.key: prop.value for prop in onnx.load(path, load_external_data=False).metadata_props}
        onnx.helper.set_model_props(model, {**words, "network": network})
        onnx.save(model, part)


def tell(path: Path, line: str) -> None:
    """Keep in an ONNX file's metadata, as int8, what ``cost`` has found."""
    import onnx

    model = onnx.load(path)
    words = {prop.key: prop.value for prop in model.metadata_props}
    onnx.helper.set_model_props(model, {**words, "int8": line})
    with beside(path) as part:
        onnx.save(model, part)


def cost(floats: OnnxEngine, whole: OnnxEngine, pixels: np.ndarray, labels: np.ndarray | None) -> Cost:
    """Compare two engines of a network on ``pixels`` (N, H, W, 3) with labels (N,), or without."""
    taken, parts = np.zeros(2), ([], [])
    for start in range(0, len(pixels), _AT_ONCE):
        for i, engine in enumerate((floats, whole)):
            begun = time.perf_counter()
            parts[i].append(engine(pixels[start : start + _AT_ONCE]))
            taken[i] += time.perf_counter() - begun
    nearest = [_nearest(engine, np.concatenate(part)) for engine, part in zip((floats, whole), parts, strict=True)]
    kept = np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(*nearest, strict=True)])
    recall = None if labels is None else tuple(float((labels[n[:, 0]] == labels).mean()) for n in nearest)
    return Cost(len(pixels), recall, float(kept), tuple(len(pixels) / taken))


def _nearest(engine: Engine, vectors: np.ndarray) -> np.ndarray:
    """(N, 10) the nearest of the others to each of ``vectors`` (N, D); of codes by their bits."""
    if engine.facts.codes:
        vectors = np.where(vectors > 0, 1, -1)
    count = len(vectors)
    k = min(_NEAREST, count - 1)
    return exact.search(vectors, vectors, k, metric="angular", exclude=np.arange(count))[0]


class _Calibration:
    """Pictures a few at a time, as ONNX Runtime's quantizer asks for them."""

    def __init__(self, pixels: np.ndarray) -> None:
        self._batches: Iterator[np.ndarray] = (pixels[i : i + _AT_ONCE] for i in range(0, len(pixels), _AT_ONCE))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next inputs by name, None at the end."""
        found = next(self._batches, None)
        return None if found is None else {"images": found}


def _in_floats(model: "onnx.ModelProto") -> list[str]:  # noqa: F821
    """The names of the nodes before the first convolution, and from the one after the last on."""
    kinds = [node.op_type for node in model.graph.node]
    places = [i for i, kind in enumerate(kinds) if kind == "Conv"] or [len(kinds)]
    return [node.name for i, node in enumerate(model.graph.node) if not places[0] <= i <= places[-1]]


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Without the quantizer's advice, which is for those who call it themselves."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
