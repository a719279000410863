"""Named: the network that the flags of a command name, opened, with --int8 in whole numbers."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Protocol

import engines
import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from embedding.batches import decode
from embedding.batches.ahead import in_threads
from embedding.engine import int8, kept, onnx
from embedding.engine.base import Facts
from embedding.engine.onnx import OnnxEngine
from embedding.engine.wanted import Asked

_JUDGED, _CALIBRATED = 512, 256  # pictures by which whole numbers are compared with floats, and chosen


class Named(Protocol):
    """The flags that name a network; see scripts/extract.py."""

    run: Path | None
    checkpoint: str
    model: str
    use_pretrained: str
    pool: str
    image_size: str
    resize: str | None
    mean: str
    std: str
    range: str
    output: str
    int8: bool
    engine: str
    gpus: str
    workers: int


def opener(options: Named, images: ImageSet) -> engines.Opener:
    """What opens the network that ``options`` name, for ``images``; of several that they could mean none."""
    if options.run is not None:
        _none_of(
            options, ("model", "use_pretrained", "pool", "mean", "std", "range", "output"), "--run names the network"
        )
        how = {"engine": options.engine, "gpus": options.gpus}
        if options.int8:
            return _whole(options, images, engines.file_of_run(options.run, options.checkpoint))
        return engines.of_run(options.run, options.checkpoint, **how)
    if options.model.endswith(".onnx"):
        return _of_file(options)
    if not options.use_pretrained:
        line = "nothing to extract with: give --run=FOLDER, or --model=NAME with --use-pretrained=FILE"
        raise InputError(f"{line} (efficientnet_lite0 by pip), or --model=ENCODER.onnx")
    _none_of(options, ("mean", "std", "range", "output"), f"is for an encoder of others, not --model={options.model}")
    described = engines.trunk(
        model=options.model,
        use_pretrained=options.use_pretrained,
        pool=options.pool,
        image_size=options.image_size,
        size=images.size,
    )
    if options.int8:
        return _whole(options, images, engines.file_of_trunk(described))
    return engines.of_trunk(described, engine=options.engine, gpus=options.gpus)


def _of_file(options: Named) -> engines.Opener:
    if options.engine == "mxnet":
        raise InputError(
            f"--engine=mxnet: --model={options.model} is an ONNX file, which MXNet cannot run; leave it out"
        )
    if options.int8:
        raise InputError(f"--int8: is for runs and trunks of this project; give --model={options.model} as it is to be")
    _none_of(options, ("use_pretrained",), f"--model={options.model} has its weights in it")
    asked = {name: getattr(options, name) for name in ("image_size", "mean", "std", "range", "output")}
    pool = "" if options.pool == "avg" else options.pool
    return engines.of_file(Path(options.model), Asked(**asked, pool=pool), gpus=options.gpus)


def _none_of(options: Named, names: tuple[str, ...], why: str) -> None:
    usual = {field.name: field.default for field in dataclasses.fields(options)}  # type: ignore[arg-type]
    for name in names:
        if (given := getattr(options, name)) != usual[name]:
            raise InputError(f"--{name.replace('_', '-')}={given}: {why}; give one of the two")


def _whole(options: Named, images: ImageSet, path: Path) -> engines.Opener:
    """The network in the ONNX file ``path`` in whole numbers; its file is kept beside, and told of in a line."""
    if options.engine == "mxnet" or options.gpus:
        raise InputError("--int8: is for ONNX Runtime on the CPU; leave out --engine=mxnet and --gpus")
    kept.chosen("onnx")
    facts = onnx.facts_in(path)
    rows = np.union1d(images.query, images.gallery)
    judged, chosen = _samples(images, rows)
    pixels, _ = _pixels(options, images, chosen, facts)
    if not len(pixels):
        raise InputError("--int8: none of the pictures by which its numbers are chosen can be read")
    out, network = path.with_suffix(".int8.onnx"), int8.mark(facts.network, pixels)

    def write(out: Path) -> None:
        int8.write(path, pixels, network, out)
        seen, there = _pixels(options, images, judged, facts)
        labels = images.labels[judged][there] if len(images.class_names) > 1 and not images.several_labels else None
        found = int8.cost(OnnxEngine(path), OnnxEngine(out), seen, labels)
        int8.tell(out, found.line)

    kept.kept(out, network, write)
    print(onnx.words_in(out).get("int8", ""))
    return partial(OnnxEngine, out)


def _samples(images: ImageSet, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows to judge by, whole classes where there are several, and others, if there are enough, to choose by."""
    rng = np.random.default_rng(0)
    rows = rng.permutation(rows)
    judged = rows[:_JUDGED]
    if len(images.class_names) > 1 and not images.several_labels:
        labels = images.labels[rows]
        order = np.argsort(rng.permutation(labels.max() + 1)[labels], kind="stable")
        judged = rows[order][:_JUDGED]
    others = np.setdiff1d(rows, judged)
    return judged, rng.permutation(others if len(others) >= _CALIBRATED else rows)[:_CALIBRATED]


def _pixels(options: Named, images: ImageSet, rows: np.ndarray, facts: Facts) -> tuple[np.ndarray, np.ndarray]:
    """(n, H, W, 3) uint8 of those of ``rows`` that can be read, and which (R,) these are."""
    size = decode.parse_size(options.image_size, "--image-size") if options.image_size else facts.size

    def load(row: int) -> np.ndarray | None:
        try:
            return decode.read_fitted(images, row, size, resize=options.resize or facts.resize)
        except Unreadable:
            return None

    batches = [[(int(row),)] for row in rows]
    found = [image for batch in in_threads(load, batches, workers=options.workers) for image in batch]
    there = np.array([image is not None for image in found], bool)
    shape = (0, *size, 3)
    return (
        np.stack([image for image in found if image is not None]) if there.any() else np.zeros(shape, np.uint8)
    ), there
