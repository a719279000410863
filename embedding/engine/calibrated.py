"""Calibrated: a network's ONNX file in whole numbers that are chosen for the pictures of a set, and judged by them."""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from embedding.batches import decode
from embedding.batches.ahead import in_threads
from embedding.engine import int8, kept, onnx
from embedding.engine.onnx import OnnxEngine

_JUDGED, _CHOSEN = 512, 256  # pictures by which whole numbers are compared with floats, and chosen


def of_file(path: Path, images: ImageSet, *, image_size: str = "", resize: str | None = None, workers: int = 2) -> Path:
    """The file of the network in the ONNX file ``path`` in whole numbers, kept beside it; what they cost is in it.

    images : of which some hundred are looked at, among its queries and gallery
    image_size, resize : as the network sees them, "" and None as its file tells
    Raises InputError where fewer than two of them can be read.
    """
    facts = onnx.facts_in(path)
    how = {
        "size": decode.parse_size(image_size, "--image-size") if image_size else facts.size,
        "resize": resize or facts.resize,
        "workers": workers,
    }
    judged, chosen = _samples(images)
    pixels, _ = _pixels(images, chosen, **how)
    if not len(pixels):
        raise InputError("--int8: none of the pictures by which its numbers are chosen can be read")
    out, network = path.with_suffix(".int8.onnx"), int8.mark(facts.network, pixels)

    def write(out: Path) -> None:
        with beside(out) as part:  # it is not there before what it costs is in it
            seen, there = _pixels(images, judged, **how)
            if len(seen) < 2:
                raise InputError(
                    "--int8: only one picture can be read, and judging takes two; leave it out, or add some"
                )
            int8.write(path, pixels, network, part)
            labels = images.labels[judged][there] if _has_classes(images) else None
            int8.tell(part, int8.cost(OnnxEngine(path), OnnxEngine(part), seen, labels).line)

    return kept.kept(out, network, write)


def _has_classes(images: ImageSet) -> bool:
    return len(images.class_names) > 1 and not images.several_labels


def _samples(images: ImageSet) -> tuple[np.ndarray, np.ndarray]:
    """Rows to judge by, whole classes where there are several, and others, if there are enough, to choose by."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(np.union1d(images.query, images.gallery))
    judged = rows[:_JUDGED]
    if _has_classes(images):
        labels = images.labels[rows]
        order = np.argsort(rng.permutation(labels.max() + 1)[labels], kind="stable")
        judged = rows[order][:_JUDGED]
    others = np.setdiff1d(rows, judged)
    return judged, rng.permutation(others if len(others) >= _CHOSEN else rows)[:_CHOSEN]


def _pixels(
    images: ImageSet, rows: np.ndarray, *, size: tuple[int, int], resize: str, workers: int
) -> tuple[np.ndarray, np.ndarray]:
    """(n, H, W, 3) uint8 of those of ``rows`` that can be read, and which (R,) these are."""

    def load(row: int) -> np.ndarray | None:
        try:
            return decode.read_fitted(images, row, size, resize=resize)
        except Unreadable:
            return None

    found = [image for (image,) in in_threads(load, ([(int(row),)] for row in rows), workers=workers)]
    there = np.array([image is not None for image in found], bool)
    read = [image for image in found if image is not None]
    return (np.stack(read) if read else np.zeros((0, *size, 3), np.uint8)), there
