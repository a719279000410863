"""List the near-duplicates of a folder, a list or an archive: a page to look at, and a CSV file to act on.

python scripts/duplicates.py --data-path=~/Pictures
python scripts/duplicates.py --data=folder --data-path=pets --out=pets-duplicates    says which stand in train and test
python scripts/duplicates.py --vectors=pictures.h5 --threshold=0.9                    by a network's vectors
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import command
import numpy as np

from datasets.errors import InputError
from datasets.images import skipped
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import Skipped
from datasets.sources import image_source
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.duplicates import looks, names
from embedding.duplicates.groups import Group, groups
from embedding.duplicates.review import crosses, write_csv, write_review

OF_VECTORS = 0.95  # likeness of near-duplicates by the vectors of a network, where nobody says


@dataclass(frozen=True, kw_only=True)
class DuplicatesOptions:
    """List the near-duplicates of a folder, a list or an archive: a page to look at, and a CSV file to act on."""

    data: str = "files"
    """Image set; files is any folder of images without labels."""
    data_path: Path | None = None
    """Folder, .zip or .tar, text or CSV file of paths, or pattern in quotes; of another set than files its folder."""
    vectors: Path | None = None
    """Vectors file of the images, or a run folder, in place of --data: compare these, not how small pictures look."""
    threshold: float | None = None
    """Likeness, the cosine of two vectors, above which pictures are near-duplicates; 0.95 if not given."""
    out: Path = Path("duplicates")
    """The folder to write to: index.html, duplicates.csv, and skipped.csv where pictures cannot be read."""
    max_bad: float = skipped.MAX_BAD
    """Share of the pictures that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""
    workers: int = 2
    """Threads that decode images."""


def main(options: DuplicatesOptions) -> None:
    """Find, print and write."""
    _check(options)
    if options.vectors is None:
        images = image_source.load(options.data, options.data_path)
        if isinstance(images.images, np.ndarray):
            raise InputError(f"--data={options.data}: its images are no files; name a set of files")
        title = images.title
        paths, parts, _ = _files(images.images, _parts(images))
        vectors = _looks(options, paths)
        threshold, how = options.threshold or looks.THRESHOLD, "how they look at 10 x 10 pixels"
    else:
        found = vectors_file.load(vectors_file.file_of(command.there("--vectors", options.vectors)))
        title, (paths, vectors) = found.name, _rows(found)
        paths, parts, rows = _files(paths, [""] * len(paths))
        vectors = vectors[rows]
        threshold, how = options.threshold or OF_VECTORS, "their vectors"
    made = groups(paths, vectors, threshold, workers=options.workers)
    print(_told(len(paths), made, parts))
    print(f"list: {write_csv(options.out, made, paths, parts)}")
    sentence = f"Compared are bytes, pixels, and {how}, with a likeness above {threshold:g}."
    print(f"page: {write_review(options.out, title, made, paths, parts, how=sentence)}")


def _check(options: DuplicatesOptions) -> None:
    if options.vectors is not None and options.data_path is not None:
        raise InputError(f"--vectors={options.vectors} --data-path={options.data_path}: both name pictures, give one")
    if options.threshold is not None and not 0 < options.threshold < 1:
        raise InputError(f"--threshold={options.threshold}: must lie between 0 and 1")
    skipped.check_share(options.max_bad)
    if options.workers < 1:
        raise InputError(f"--workers={options.workers}: must be at least 1")
    if options.out.is_file():
        raise InputError(f"--out={options.out}: is a file; name a folder to write to")


def _looks(options: DuplicatesOptions, paths: Sequence[str]) -> np.ndarray:
    options.out.mkdir(parents=True, exist_ok=True)  # or an error, before hours are lost
    unread, file = Skipped(len(paths), max_bad=options.max_bad), options.out / skipped.NAME
    try:
        return looks.looks(paths, unread, workers=options.workers, progress=sys.stderr.isatty())
    finally:
        unread.save(file)
        if line := unread.line(file):
            print(line)


def _parts(images: ImageSet) -> list[str]:
    """Of every image whether it is in the train part, in query or gallery, or in both; "" where nothing trains."""
    trains, tests = (np.zeros(len(images), bool) for _ in range(2))
    trains[images.train] = tests[images.query] = tests[images.gallery] = True
    if not trains.any():
        return [""] * len(images)
    names = {(True, True): "both", (True, False): "train", (False, True): "test", (False, False): ""}
    return [names[bool(train), bool(test)] for train, test in zip(trains, tests, strict=True)]


def _files(paths: Sequence[str], parts: Sequence[str]) -> tuple[list[str], list[str], np.ndarray]:
    """Each file once, with the parts that any name of it stands in, and its row: who deletes one loses no other."""
    own = names.one_each(paths)
    rows, more = np.unique(own), np.flatnonzero(own != np.arange(len(own)))
    stands = dict.fromkeys(rows.tolist(), "")
    for row, part in zip(own.tolist(), parts, strict=True):
        stands[row] = part if stands[row] in ("", part) else "both" if part else stands[row]
    if len(more):
        crossing = sum(stands[row] == "both" for row in set(own[more].tolist()))
        print(
            f"{len(more):,} more path{'s' * (len(more) != 1)} to the same files, by links or named twice, such as"
            f" {paths[more[0]]} to {paths[own[more[0]]]}: each file counts once"
            + (f"; {crossing:,} of them in train and test" if crossing else "")
        )
    return [paths[row] for row in rows.tolist()], list(stands.values()), rows


def _rows(found: VectorSet) -> tuple[list[str], np.ndarray]:
    """The paths and unit rows of a vectors file: its gallery, and those queries that are not in it."""
    if found.metric == "hamming":
        raise InputError(f"vectors {found.name} are binary codes: compare the embeddings that they were made of")
    if not found.gallery_paths:
        raise InputError(f"vectors {found.name} have no paths of images; write them with scripts/extract.py")
    found.check_finite()
    others = np.flatnonzero(found.own_rows < 0) if found.query_paths else np.zeros(0, np.int64)
    vectors = np.concatenate([found.gallery, found.queries[others]]).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return [*found.gallery_paths, *(found.query_paths[row] for row in others)], vectors


def _told(count: int, made: Sequence[Group], parts: Sequence[str]) -> str:
    more = sum(group.spare for group in made)
    said = f"{count:,} pictures: {_number(len(made))} of copies, {more:,} to let go where one of each is kept"
    crossing = sum(crosses(group, parts) for group in made)
    return f"{said}; {_number(crossing)} in train and test" if crossing else said


def _number(count: int) -> str:
    return f"{count:,} group{'s' * (count != 1)}"


if __name__ == "__main__":
    command.main(main, DuplicatesOptions)
