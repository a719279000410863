"""The report of a run of sketches and photographs: its scores, and sketches with the photographs that they found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from datasets.vectors import exact
from datasets.vectors.base import Embeddings
from embedding.batches import decode
from embedding.search import page
from embedding.search.page import Answer, Question, Table
from embedding.training.journal import Line

ASK, ANSWER = 10, 12  # sketches on the page, of different classes, and photographs for each
_SIDE = 96  # pixels of a photograph


def write(
    folder: Path,
    images: ImageSet,
    queries: Embeddings,
    gallery: Embeddings,
    rows: Sequence[Line],
    *,
    facts: Sequence[str],
    seed: int = 0,
) -> Path:
    """Write ``folder``/index.html with ten of the ``queries`` and what they find; returns its path.

    queries, gallery : as vectors that are compared by their cosines
    rows : of the score table
    seed : of the sketches that are shown
    """
    chosen = _of_different_classes(queries.labels, seed)
    neighbors, distances = exact.search(
        queries.vectors[chosen], gallery.vectors, min(ANSWER, len(gallery)), metric="inner_product"
    )
    place = {images.image_name(row): row for row in range(len(images))}
    questions = []
    for row, near, far in zip(chosen, neighbors, distances, strict=True):
        right = gallery.labels[near] == queries.labels[row]
        answers = [
            Answer(gallery.paths[at], float(score), right=bool(is_right))
            for at, score, is_right in zip(near, far, right, strict=True)
        ]
        title = f"{images.class_names[queries.labels[row]]}: {queries.paths[row]}"
        questions.append(Question(title, _picture(images, place[queries.paths[row]], page.SIDE), answers))
    thumbnails = {
        answer.name: _picture(images, place[answer.name], _SIDE) for one in questions for answer in one.answers
    }
    return page.write_found(
        folder, questions, facts, tables=[_table(rows)], title=folder.parent.name, thumbnails=thumbnails.__getitem__
    )


def _of_different_classes(labels: np.ndarray, seed: int) -> np.ndarray:
    order = np.random.default_rng(seed).permutation(len(labels))
    first = np.unique(labels[order], return_index=True)[1]
    return order[np.sort(first)[:ASK]]


def _picture(images: ImageSet, row: int, side: int) -> np.ndarray:
    try:
        return decode.fit(decode.read(images, row), side, resize=decode.OWN)
    except Unreadable:
        return np.full((side, side, 3), 128, np.uint8)


def _table(rows: Sequence[Line]) -> Table:
    names = list(dict.fromkeys(name for row in rows for name in row if "@" in name))
    cells = [[row["row"], *(f"{row[name]:.4f}" if name in row else "-" for name in names)] for row in rows]
    return Table(f"scores on {rows[0]['data']}", names, cells)
