"""ONNX files beside MXNet: the largest difference of vectors, over all trunks, poolings and heads, as a table.

python benchmarks/onnx_equality.py                                 some ten minutes on two cores
python benchmarks/onnx_equality.py --trunks=convnet,resnet18_v1b   these alone

Every network is written as an ONNX file, which ONNX checks in full, and both see the same pictures: of random numbers,
1, 2 and 5 at once, and crops of the photographs that scikit-learn brings, in another size. Weights are random, also
those of batch norms and of GeM's exponent, but for trunks whose weights pip brings. A cell is the largest difference of
a number over the largest number, of heads: none (the features), linear, linear to unit length, codes (before the
tanh that training has, with a hidden layer).

Prints the table in Markdown, then one of the towers of image-text networks; exits with code 1 where a difference is
above 1e-4.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import onnxruntime
from sklearn.datasets import load_sample_images

from datasets.errors import InputError
from embedding.batches import decode
from embedding.mx import Array, gluon, mx, nd
from embedding.network import backbone, export, pooling, weights
from embedding.network.net import Encoder, Head, Net
from hashing.net import HashHead
from vse.network import caption_graph
from vse.network.towers import CaptionTower, ImageTower, WholeImageTower

ALLOWED = 1e-4
DIM = 32
SIZES = {"random": (96, 96), "real": (128, 112)}
HEADS = ("features", "linear", "unit", "codes")


def main() -> None:
    """Print the tables; a difference above what is allowed ends with code 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trunks", default=",".join(backbone.names()), help="names with commas between")
    worst = 0.0
    columns = [f"{pool}, {head}" for pool in pooling.names() for head in HEADS]
    print(f"| trunk | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for model in parser.parse_args().trunks.split(","):
        row = [difference(net) for net in networks(model)]
        worst = max(worst, *row)
        print(f"| {model} | {' | '.join(f'{found:.0e}' for found in row)} |", flush=True)
    print("\n| tower | largest difference |\n|---|---|")
    for name, found in towers():
        worst = max(worst, found)
        print(f"| {name} | {found:.0e} |", flush=True)
    print(f"\nlargest of all: {worst:.1e}, at most {ALLOWED:.0e} allowed")
    sys.exit(not worst <= ALLOWED)


def networks(model: str) -> Iterator[gluon.HybridBlock]:
    """The networks of a trunk, with every pooling and head, in the order of the columns."""
    for pool in pooling.names():
        mx.random.seed(1)
        encoder = Encoder(model=model, pool=pool)
        settle(encoder)
        if pool == "gem":
            encoder.pool.p.set_data(nd.array([2.6]))
        yield encoder
        for head in (Head(DIM, unit_rows=False), Head(DIM), HashHead(DIM, hidden=24, tanh=False)):
            head.initialize()
            yield Net(encoder, head)


def settle(encoder: Encoder) -> None:
    """Random weights that keep activations in their range, or the pretrained ones that pip brings."""
    encoder.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
    encoder(nd.array(pictures("random", 1), dtype="uint8")).wait_to_read()
    rng = np.random.default_rng(2)
    for name, parameter in encoder.trunk.collect_params().items():
        if name.endswith(("gamma", "running_var", "beta", "running_mean", "bias")):
            around = parameter.data().asnumpy()
            parameter.set_data(nd.array(around + rng.uniform(-0.1, 0.1, around.shape)))
    with contextlib.suppress(InputError):  # there are none here
        weights.load(encoder.trunk, weights.find("auto", encoder.trunk.model))


def pictures(kind: str, count: int) -> np.ndarray:
    """(count, H, W, 3) uint8."""
    rng, size = np.random.default_rng(count), SIZES[kind]
    if kind == "random":
        return rng.integers(0, 256, (count, *size, 3), np.uint8)
    how = decode.Augmentation(0.1, flip=True)
    photographs = load_sample_images().images
    return np.stack([decode.augment(photographs[i % len(photographs)], size, how, rng) for i in range(count)])


def difference(net: gluon.HybridBlock) -> float:
    """The largest difference between a network and its ONNX file, over the largest number."""
    seen = [pictures("random", 1), pictures("random", 2), pictures("random", 5), pictures("real", 4)]
    theirs = [net(nd.array(images, dtype="uint8")).asnumpy() for images in seen]
    session = opened(export.model(net))
    ours = [session.run(None, {"images": images})[0] for images in seen]
    return max(map(relative, theirs, ours))


def towers() -> Iterator[tuple[str, float]]:
    """The towers of image-text networks by name, with their differences."""
    mx.random.seed(1)
    encoder = Encoder(model="resnet18_v1b")
    settle(encoder)
    for positive, mirrored in ((False, False), (False, True), (True, False)):
        tower = ImageTower(DIM, dropout=0.3, positive=positive)
        tower.initialize()
        tower.settle(np.random.default_rng(0).random((20, 512)).astype(np.float32))
        name = "images" + ", mirrored" * mirrored + ", order" * positive
        yield name, difference(WholeImageTower(encoder, tower, mirrored=mirrored))
    for layers in (1, 2):
        captions = CaptionTower(1000, DIM, layers=layers)
        captions.initialize(mx.init.Normal(0.3))
        yield f"captions, {layers} layer(s)", of_captions(captions, layers)


def of_captions(tower: CaptionTower, layers: int) -> float:
    """The same of a caption tower, on 1, 2 and 50 captions of mixed lengths."""
    session, rng = opened(caption_graph.model(tower, layers=layers, positive=False)), np.random.default_rng(0)
    worst = 0.0
    for count, longest in ((1, 3), (2, 8), (50, 40)):
        words = rng.integers(0, 1000, (count, longest)).astype(np.int32)
        lengths = rng.integers(1, longest + 1, count).astype(np.int32)
        theirs: Array = tower(nd.array(words), nd.array(lengths))
        worst = max(worst, relative(theirs.asnumpy(), session.run(None, {"words": words, "lengths": lengths})[0]))
    return worst


def opened(model: export.onnx.ModelProto) -> onnxruntime.InferenceSession:
    """A session of a model on the CPU."""
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def relative(theirs: np.ndarray, ours: np.ndarray) -> float:
    """The largest difference over the largest number; 1 where a shape differs, or something is not finite."""
    if theirs.shape != ours.shape or not np.isfinite(theirs).all() or not theirs.any():
        return 1.0
    return float(np.abs(theirs - ours).max() / np.abs(theirs).max())


if __name__ == "__main__":
    main()
