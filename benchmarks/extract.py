"""Pictures to vectors: JPEG files on disk to a vectors file on disk, with ONNX Runtime, beside what is possible.

    make bench ONLY=extract, or: .bench-venv/bin/python benchmarks/extract.py

The files are 480 x 480 cut-outs of real photographs; networks have random weights, and see 224 x 224. Ours is
held against

- the limit: bare decoding and a bare session of ONNX Runtime on decoded batches, one after the other, each with all
  cores and nothing else to do; what computes both at once cannot be faster, unless it uses the cores better
- torch: torchvision's network, channels last, torch's own loader; of EfficientNet-Lite0 one made of torchvision's parts
- the way before: the same files with --engine=mxnet, 64 at a time

Each side runs in a process of its own, a round after the other. Last, the most memory of a job of 20,000 pictures.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import paired
from extract_sides import BEFORE, Side
from sklearn.datasets import load_sample_images
from verdicts import Verdict, figure, finish

FILES, SIDE = 256, 480
MANY, GIGABYTES = 20_000, 1.0
LIMIT = 0.9  # of what is possible

# Of each network: pictures a sample, one to two seconds of ours; at least so many times as fast as torch; and as MXNet.
MODELS = {
    "mobilenetv2_1.0": (256, 2.5, 4.0),
    "efficientnet_lite0": (192, 1.2, None),
    "resnet18_v1b": (96, 1.2, None),
    "resnet50_v1b": (64, 1.2, None),
}


def write_photographs(folder: Path) -> None:
    """JPEG files cut out of scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    photographs = [cv2.resize(image[..., ::-1], None, fx=2, fy=2) for image in load_sample_images().images]
    for i in range(FILES):
        image = photographs[i % 2]
        top, left = (rng.integers(side - SIDE) for side in image.shape[:2])
        cv2.imwrite(str(folder / f"{i:04}.jpg"), image[top : top + SIDE, left : left + SIDE])


def cases(model: str, network: Path, folder: Path) -> Iterator[Verdict]:
    """Print the cases of a network."""
    count, times_torch, times_mxnet = MODELS[model]
    with ExitStack() as open_sides:

        def start(name: str) -> Side:
            return open_sides.enter_context(Side(name, network, folder))

        ours, decoding, session = map(start, ("ours", "decoding", "session"))
        limit = (decoding, count), (session, count)
        yield compare(f"{model}, the limit", (ours, count), *limit, at_least=LIMIT)
        slower = max(32, count // 64 * 32)  # half as many pictures, so that a sample takes as long
        yield compare(f"{model}, torch", (ours, count), (start("torch"), slower), at_least=times_torch)
        if times_mxnet:
            yield compare(f"{model}, MXNet", (ours, count), (start("mxnet"), BEFORE), at_least=times_mxnet)


def compare(case: str, ours: tuple[Side, int], *peers: tuple[Side, int], at_least: float) -> Verdict:
    """Print the line of a case: milliseconds a picture of ours, and of the peers together, each of its own number."""

    def one_round(turn: int) -> paired.Pair:
        order = sorted((ours, *peers), key=lambda side: side is ours, reverse=bool(turn % 2))
        took = {id(side): side[0].each(side[1]) for side in order}
        return took.pop(id(ours)), sum(took.values())

    return paired.by_rounds(f"files to vectors, {case}", one_round, at_least=at_least, pictures=ours[1])


def memory(network: Path, folder: Path) -> Verdict:
    """Print the line of the most memory that a process took for many pictures, its libraries with it."""
    with Side("ours", network, folder) as ours:
        each = ours.each(MANY)
        peak = ours.peak_gigabytes()
    case = f"files to vectors, gigabytes at most of {MANY:,} pictures"
    return figure(case, round(peak, 3), at_most=GIGABYTES, images_per_second=round(1e3 / each))


def main() -> None:
    """Print one JSON line a case and the verdict."""
    verdicts = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photographs(folder)
        for model in MODELS:
            network = folder / f"{model}.onnx"
            subprocess.run([sys.executable, Path(__file__).with_name("extract_network.py"), model, network], check=True)
            verdicts += cases(model, network, folder)
        verdicts.append(memory(folder / f"{next(iter(MODELS))}.onnx", folder))
    finish(verdicts)


if __name__ == "__main__":
    main()
