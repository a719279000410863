"""Openers: what opens a network, of any family of runs, a pretrained trunk or an ONNX file, here or in another process.

MXNet is loaded where it is to compute, or where a network is yet to be written as an ONNX file, and not before.
"""

import json
import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import InputError
from datasets.sources.image_source import DATA
from embedding.engine import kept, onnx
from embedding.engine.base import Engine
from embedding.engine.foreign import ForeignEngine
from embedding.engine.onnx import OnnxEngine
from embedding.engine.wanted import Asked
from embedding.serving.family import Family, of_options

if TYPE_CHECKING:
    from datasets.images.base import Size
    from embedding.options import TrainOptions
    from embedding.serving.networks import Serve

log = logging.getLogger(__name__)

# Opens an engine; it may be sent to other processes, each of which opens its own.
Opener = Callable[[], Engine]

_TRUNKS = DATA / "onnx"  # where the files of bare trunks are kept


def of_run(
    families: Sequence[Family],
    folder: Path,
    checkpoint: str = "best",
    *,
    engine: str = "auto",
    gpus: str = "",
    threads: int = 0,
) -> Opener:
    """What opens the network of a run folder.

    families : those that it may be of
    checkpoint : best or last
    engine : onnx, mxnet or auto, the faster that is installed
    gpus : the devices, as ``--gpus`` names them
    threads : of the CPU that ONNX Runtime takes; 0 for as many as it has cores
    Raises InputError where the folder holds no such network, or the engine is not there.
    """
    if engine_for(engine, gpus) == "mxnet":
        return _gluon(_serve(families, folder, checkpoint), gpus)
    return partial(OnnxEngine, file_of_run(families, folder, checkpoint), gpus=gpus, threads=threads)


def file_of_run(families: Sequence[Family], folder: Path, checkpoint: str) -> Path:
    """The ONNX file of a run's network, beside its weights, written where it is not there or of other weights."""
    place, family = folder / checkpoint, of_options(families, options_of(folder, checkpoint))
    serve = partial(family.served, folder, checkpoint)
    return kept.kept(place / family.file, kept.network_of(place), lambda path: _written(serve, path))


def of_trunk(options: "TrainOptions", *, engine: str = "auto", gpus: str = "", threads: int = 0) -> Opener:
    """The same of the pretrained trunk that ``options``, resolved, describe; its file is kept in data/onnx."""
    if engine_for(engine, gpus) == "mxnet":
        return _gluon(_serve_trunk(options), gpus)
    return partial(OnnxEngine, file_of_trunk(options), gpus=gpus, threads=threads)


def file_of_trunk(options: "TrainOptions") -> Path:
    """The ONNX file of a pretrained trunk and its pooling, in data/onnx, written where it is not there."""
    from embedding.serving.networks import trunk_fingerprint

    network = trunk_fingerprint(options)
    path = _TRUNKS / f"{options.model}-{options.pool}-{options.test_size}-{network[:8]}.onnx"  # a file tells its size
    return kept.kept(path, network, lambda path: _written(_serve_trunk(options), path), tells="power")


def of_checkpoint(path: Path, *, engine: str = "auto", gpus: str = "") -> Opener:
    """What opens the network of a checkpoint of cirtorch; its ONNX file is kept in data/onnx."""
    from embedding.serving import cirtorch

    return _of_cirtorch(partial(cirtorch.of_checkpoint, path), path.stem, kept.fingerprint(path), engine, gpus)


def off_the_shelf(named: str, *, engine: str = "auto", gpus: str = "") -> Opener:
    """The same of a trunk as it comes, in cirtorch's words: resnet101-gem-reg."""
    from embedding.serving import cirtorch

    network = cirtorch.shelf_fingerprint(named, DATA)
    return _of_cirtorch(partial(cirtorch.of_the_shelf, named, DATA), named, network, engine, gpus)


def _of_cirtorch(serve: "Serve", name: str, network: str, engine: str, gpus: str) -> Opener:
    if engine_for(engine, gpus) == "mxnet":
        return _gluon(serve, gpus)
    path = _TRUNKS / f"{name}-{network[:8]}.onnx"
    return partial(OnnxEngine, kept.kept(path, network, lambda path: _written(serve, path)), gpus=gpus)


def of_file(
    path: Path, asked: Asked | None = None, *, engine: str = "auto", gpus: str = "", threads: int = 0
) -> Opener:
    """The same of an ONNX file: one of ours, or a foreign encoder, of which ``asked`` says what flags do.

    Raises InputError where ONNX Runtime is not installed, or MXNet is asked for.
    """
    if engine == "mxnet":
        raise InputError(f"--engine=mxnet: --model={path} is an ONNX file, which MXNet cannot run; leave it out")
    kept.chosen("onnx")
    if path.is_file() and onnx.facts_in(path) is not None:
        return partial(OnnxEngine, path, gpus=gpus, threads=threads)
    return partial(ForeignEngine, path, asked, gpus=gpus, threads=threads)


def trunk(
    *, model: str, use_pretrained: str, pool: str = "avg", image_size: str = "", size: "Size" = 224
) -> "TrainOptions":
    """The options, resolved, of a pretrained trunk for photographs; ``size`` is that of their set."""
    import numpy as np

    from datasets.images.base import ImageSet
    from embedding.options import TrainOptions

    none = np.zeros(0, np.int64)
    photographs = ImageSet("files", (), none, (), none, none, none, size=size)
    described = TrainOptions(model=model, use_pretrained=use_pretrained, pool=pool, image_size=image_size)
    described.check()
    return described.resolve(photographs)


def engine_for(engine: str, gpus: str) -> str:
    """Which is meant; for GPUs auto is ONNX Runtime only where it is built for them."""
    found = kept.chosen(engine)
    if engine == "auto" and found == "onnx" and gpus.strip() and not onnx.sees_gpus():
        return "mxnet"
    return found


def _serve(families: Sequence[Family], folder: Path, checkpoint: str) -> "Serve":
    """What loads the network of a run folder, by the family that its options are of."""
    return partial(of_options(families, options_of(folder, checkpoint)).served, folder, checkpoint)


def options_of(folder: Path, checkpoint: str) -> dict[str, object]:
    """The options that a run folder was begun with."""
    try:
        return dict(json.loads((folder / "options.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{folder} holds no trained network '{checkpoint}' ({why}): name a run folder") from None


def _serve_trunk(options: "TrainOptions") -> "Serve":
    from embedding.serving.networks import of_trunk as served

    return partial(served, options)


def _gluon(serve: "Serve", gpus: str) -> Opener:
    from embedding.serving.networks import opened

    return partial(opened, serve, gpus)


def _written(serve: "Serve", path: Path) -> None:
    from embedding.serving.networks import written

    written(serve, path)
