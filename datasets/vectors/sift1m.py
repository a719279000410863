"""sift1m: a million SIFT descriptors, 128-d, 10,000 queries and their 100 true neighbors (Jegou et al., PAMI 2011)."""

from dataclasses import dataclass, replace
from pathlib import Path

from datasets.errors import InputError
from datasets.files import archive
from datasets.stored import from_file
from datasets.vectors.base import VectorSet

_PARTS = ("base.fvecs", "query.fvecs", "groundtruth.ivecs")


@dataclass(frozen=True)
class Corpus:
    """An archive of http://corpus-texmex.irisa.fr: ``<stem>/<stem>_{base,query,learn}.fvecs, _groundtruth.ivecs``."""

    name: str
    stem: str
    url: str
    size: int  # bytes
    md5: str


CORPUS = Corpus(
    name="sift1m",
    stem="sift",
    url="ftp://ftp.irisa.fr/local/texmex/corpus/sift.tar.gz",
    size=168_280_445,
    md5="b23d1b3b2ee8469d819b61ca900ef0ed",
)


def load(root: Path) -> VectorSet:
    """The set, mapped from ``root/sift1m`` or wherever under ``root`` it was unpacked; else downloaded, 168 MB.

    Raises InputError naming the address or the file.
    """
    return load_corpus(CORPUS, Path(root))


def load_corpus(corpus: Corpus, root: Path) -> VectorSet:
    """The set of a corpus, with its official neighbors: unpacked already, else from its archive, else downloaded."""
    folder = _found(corpus, root) or _fetched(corpus, root)
    base, query, truth = (folder / f"{corpus.stem}_{part}" for part in _PARTS)
    return replace(from_file.load(base, queries=query, truth=truth, metric="euclidean"), name=corpus.name)


def _found(corpus: Corpus, root: Path) -> Path | None:
    """The folder that holds the gallery, in one of the places where people unpack to."""
    unpacked = root / corpus.name
    places = (unpacked / corpus.stem, unpacked, root / corpus.stem, root)
    return next((place for place in places if (place / f"{corpus.stem}_{_PARTS[0]}").is_file()), None)


def _fetched(corpus: Corpus, root: Path) -> Path:
    archive.unpacked(corpus.url, root / corpus.name, size=corpus.size, md5=corpus.md5)
    folder = _found(corpus, root)
    if folder is None:
        raise InputError(f"{root / corpus.name}: has no {corpus.stem}_{_PARTS[0]}; remove the folder and call again")
    return folder
