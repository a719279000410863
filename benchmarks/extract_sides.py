"""The sides of extract.py, each in a process of its own: pictures from files to vectors in a file, or a part of that.

    python benchmarks/extract_sides.py SIDE NETWORK.onnx FOLDER

A line with a number of pictures comes in, a line with the milliseconds that they took goes out. Apart, as MXNet and
torch each bring an OpenMP, and an idle library may keep a core awake.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired

from datasets.images.base import ImageSet
from datasets.images.skipped import Skipped
from embedding.batches import decode
from embedding.engine.base import Engine
from embedding.engine.onnx import OnnxEngine, facts_in
from embedding.extraction import begin, join, run

SIZE, RESIZE = (224, 224), "crop"
BATCHES = (8, 32)  # that the peers may take: the faster one counts
BEFORE = 64  # pictures of a batch of MXNet's, before there were others
CORES = os.cpu_count() or 1

# Turns so many of the pictures into what its side makes of them.
Call = Callable[[int], Any]


class Side:
    """A side in its process, which waits until it is asked."""

    def __init__(self, side: str, network: Path, folder: Path, *, script: str = __file__) -> None:
        words = [sys.executable, script, side, str(network), str(folder)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def each(self, count: int) -> float:
        """Milliseconds that each of ``count`` pictures takes."""
        print(count, file=self._process.stdin, flush=True)
        if not (line := self._process.stdout.readline()):
            raise RuntimeError(f"{' '.join(self._process.args)} ended with code {self._process.wait()}")
        return float(line) / count

    def peak_gigabytes(self) -> float:
        """The most memory that its process has held."""
        return paired.own_gigabytes("VmHWM", process=self._process.pid)

    def __enter__(self) -> "Side":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def image_set(folder: Path, count: int) -> ImageSet:
    """So many of the files of ``folder``, in order; they are repeated where there are fewer."""
    files, rows = sorted(map(str, folder.glob("*.jpg"))), np.arange(count)
    paths = [files[row % len(files)] for row in rows]
    return ImageSet("files", paths, np.zeros(count, np.int64), ("image",), rows[:0], rows, rows)


def pixels(images: ImageSet, row: int) -> np.ndarray:
    """Picture ``row`` as networks take it, (H, W, 3) uint8."""
    return decode.fit(decode.read(images, row), SIZE, resize=RESIZE)


def whole(
    opener: Callable[[], Engine], folder: Path, batch: int, *, size: tuple[int, int] = SIZE, resize: str = RESIZE
) -> Call:
    """Files to a vectors file, as scripts/extract.py does it: pieces, and the file that they are joined into."""
    how = {"size": size, "resize": resize, "batch_size": batch, "workers": CORES}

    def call(count: int) -> None:
        images = image_set(folder, count)
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            out = Path(scratch) / "vectors.h5"
            job = begin.begin(out.with_suffix(".job"), images, images.query, opener, **how)
            run.here(job, Skipped(count))
            join.into_file(job, out, name=images.name)

    return call


def decoding(folder: Path) -> Call:
    """Files to pixels, with all cores and nothing else to do."""
    pool = ThreadPoolExecutor(CORES)

    def call(count: int) -> None:
        for _ in pool.map(partial(pixels, image_set(folder, count)), range(count)):
            pass

    return call


def session(network: Path, folder: Path, batch: int) -> Call:
    """Pixels to vectors, as whoever calls ONNX Runtime alone does it: with all cores and its own settings."""
    import onnxruntime

    alone = onnxruntime.InferenceSession(str(network), providers=["CPUExecutionProvider"])
    images = image_set(folder, batch)
    given = {alone.get_inputs()[0].name: np.stack([pixels(images, row) for row in range(batch)])}

    def call(count: int) -> None:
        for _ in range(0, count, batch):
            alone.run(None, given)

    return call


def side(name: str, network: Path, folder: Path) -> Call:
    """The side of that name."""
    if name == "ours":
        return whole(partial(OnnxEngine, network), folder, 32)
    if name == "mxnet":
        from extract_network import engine

        return whole(partial(engine, facts_in(network).model), folder, BEFORE)
    if name == "decoding":
        return decoding(folder)
    if name == "session":
        return fastest([session(network, folder, batch) for batch in BATCHES])
    import extract_torch

    return fastest([extract_torch.whole(facts_in(network).model, folder, batch) for batch in BATCHES])


def fastest(calls: Sequence[Call], count: int = max(BATCHES)) -> Call:
    """The one of ``calls`` whose lesser time of two, after a first, is the least."""

    def least(call: Call) -> float:
        call(count)
        return min(timed(call, count) for _ in range(2))

    return min(calls, key=least)


def timed(call: Call, count: int) -> float:
    """Milliseconds that ``count`` pictures take."""
    start = time.perf_counter()
    call(count)
    return (time.perf_counter() - start) * 1e3


def answer(side: Callable[[str, Path, Path], Call], first: int) -> None:
    """Answer for the side that the command line names until nobody asks any more, after ``first`` pictures.

    What libraries print goes where errors go.
    """
    with os.fdopen(os.dup(1), "w") as answers:
        os.dup2(2, 1)
        name, network, folder = sys.argv[1], *map(Path, sys.argv[2:])
        call = side(name, network, folder)
        call(first)  # compilation, first touches of memory
        for line in sys.stdin:
            print(timed(call, int(line)), file=answers, flush=True)


if __name__ == "__main__":
    answer(side, max(BATCHES))
