"""Opened: what searches with the towers of a run, and the file of its caption tower, whoever computes."""

from functools import partial
from pathlib import Path

from datasets.errors import InputError
from embedding.engine import kept
from embedding.engine.base import Engine
from embedding.serving import openers
from vse.search.searcher import Searcher
from vse.serving.family import IMAGE_TEXT

CAPTIONS = "captions.onnx"  # the file of a caption tower, beside that of the images


def searcher(folder: Path, checkpoint: str = "best", *, engine: str = "auto", gpus: str = "") -> Searcher:
    """What searches with the towers of a run of train_vse.py.

    checkpoint, engine, gpus : as of ``openers.of_run``; errors too, and where it is no such run
    """
    if openers.engine_for(engine, gpus) == "mxnet":
        return _gluon_searcher(folder, checkpoint, gpus)
    from vse.serving import files

    return files.searcher(file_of_captions(folder, checkpoint), partial(_images, folder, checkpoint, gpus), gpus=gpus)


def knows_sentences(folder: Path) -> bool:
    """Whether the network of a run folder is one of images and captions."""
    return IMAGE_TEXT.option in openers.options_of(folder, "best")


def file_of_captions(folder: Path, checkpoint: str = "best") -> Path:
    """The ONNX file of a run's caption tower, beside its weights, written where it is not there."""
    place = folder / checkpoint
    if not (place / CAPTIONS).exists() and not knows_sentences(folder):
        raise InputError(f"{folder} is no run of train_vse.py: its network knows no sentences; name a folder it made")
    return kept.kept(place / CAPTIONS, kept.network_of(place), partial(_write_captions, folder, checkpoint))


def _images(folder: Path, checkpoint: str, gpus: str) -> Engine:
    return openers.of_run((IMAGE_TEXT,), folder, checkpoint, engine="onnx", gpus=gpus)()


def _gluon_searcher(folder: Path, checkpoint: str, gpus: str) -> Searcher:
    from embedding.mx import contexts
    from vse import build

    trained = build.trained(folder, checkpoint, contexts(gpus))
    return Searcher(trained.embedder, trained.options.embed_dim, trained.similarity)


def _write_captions(folder: Path, checkpoint: str, path: Path) -> None:
    from vse.serving.towers import write_captions

    write_captions(folder, checkpoint, path)
