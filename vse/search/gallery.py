"""Gallery: what a run of images and captions has to search, its own test images or a file of its network's vectors."""

from pathlib import Path

from datasets.errors import InputError
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.engine import kept
from embedding.search import gallery
from embedding.search.gallery import Gallery


def fingerprint(run: Path) -> str:
    """A short hash of the best network of a run, to tell two apart."""
    return kept.network_of(run / "best")


def of_run(run: Path, *, dim: int) -> Gallery:
    """The test images of a run; raises InputError where it has not come to their embeddings yet."""
    return gallery.of_set(vectors_of(run, dim=dim), run / vectors_file.NAME)


def of_file(path: Path, run: Path, *, dim: int) -> Gallery:
    """The gallery of a vectors file, or of a run folder, made by the best network of ``run``, where the file tells.

    Raises InputError, which names --vectors, where another network made it.
    """
    return gallery.of_file(path, network=fingerprint(run), dim=dim, whose=str(run))


def vectors_of(run: Path, *, dim: int) -> VectorSet:
    """The vectors file of a run: test images, and their captions as queries."""
    file = run / vectors_file.NAME
    if not file.exists():
        raise InputError(f"{file} is not there, which a run writes at its end: let it end, or name --images=FOLDER")
    found = gallery.checked(vectors_file.load(file), str(file), dim)
    if gallery.made_by_another(found, fingerprint(run)):
        raise InputError(f"{file}: an earlier network of this run has made it, which was trained on: let it end")
    return found
