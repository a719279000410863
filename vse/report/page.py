"""The report of an image-text run: scores both ways, training curves, captions with their nearest images."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import vectors_file as file
from datasets.vectors.base import VectorSet
from embedding.report import plots
from embedding.report.page import in_page, readable, render, table_rows, training_curves, write
from embedding.report.thumbnails import Thumbnails, read_thumbnail
from embedding.search.gallery import NETWORK
from embedding.training.journal import Line, read_lines
from vse.evaluation.scores import CAPTIONS, evaluate
from vse.search import search

_TEMPLATE = Path(__file__).parent / "templates" / "pairs_report.html.j2"
_NOT_SHOWN = ("leave_one_out", "queries", NETWORK)  # attributes of the file
_SENTENCES, _NEAREST = 8, 8  # rows and columns of the grid


def write_pairs_report(
    vectors_file: Path,
    folder: Path,
    *,
    metrics_file: Path | None = None,
    thumbnails: Thumbnails = read_thumbnail,
    seed: int = 0,
) -> Path:
    """Turn the vectors file of an image-text run into ``folder``: index.html, and its pictures as PNG.

    metrics_file : the metrics.jsonl of the run; adds its scores and its training curves
    thumbnails : name of an image -> (s, s, 3) uint8 RGB
    seed : of the captions shown

    Returns the path of index.html, which needs nothing beside it. Raises InputError where a file cannot be read or has
    no captions, or the folder cannot be written.
    """
    vectors = file.load(vectors_file)
    _check(vectors, vectors_file)
    similarity = str(vectors.attrs.get("similarity", "cosine"))
    scores = evaluate(vectors.gallery, vectors.queries, vectors.query_labels, similarity=similarity)
    lines = read_lines(metrics_file) if metrics_file else []
    pictures = {"nearest": plots.grid_of_nearest(_nearest(vectors, similarity, thumbnails, seed))}
    pictures |= training_curves(lines)
    rows = table_rows(lines, {vectors_file.name: scores})
    return write(folder, _page(vectors, vectors_file, rows, scores, pictures), pictures)


def _check(vectors: VectorSet, path: Path) -> None:
    """Raises InputError where queries are no captions of images that the gallery has in order."""
    labels = (vectors.query_embeddings.labels, vectors.gallery_embeddings.labels)
    in_order = labels[0].ndim == 1 and np.array_equal(labels[1], np.arange(len(vectors.gallery)))
    if vectors.attrs.get("queries") != CAPTIONS or not vectors.query_paths or not in_order:
        raise InputError(f"{path}: does not hold captions as queries: name a vectors file of train_vse.py")


def _nearest(
    vectors: VectorSet, similarity: str, thumbnails: Thumbnails, seed: int
) -> list[tuple[str, list[plots.Tile]]]:
    """Captions of different images, drawn at random, each with its nearest images; its own is the right one."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(vectors.queries))
    first = np.unique(vectors.query_labels[order], return_index=True)[1]
    shown = order[rng.permutation(first)[:_SENTENCES]]
    neighbors, scores = search.images_for(vectors.queries[shown], vectors.gallery, _NEAREST, similarity=similarity)
    paths = vectors.gallery_paths or ("",) * len(vectors.gallery)
    return [
        (
            readable(vectors.query_paths[row]),
            [
                plots.Tile(thumbnails(paths[near]), f"{score:.3f}", bool(near == vectors.query_labels[row]))
                for near, score in zip(found, its_scores, strict=True)
            ],
        )
        for row, found, its_scores in zip(shown, neighbors, scores, strict=True)
    ]


def _page(
    vectors: VectorSet,
    vectors_file: Path,
    rows: Sequence[Line],
    scores: Mapping[str, float],
    pictures: Mapping[str, bytes],
) -> str:
    return render(
        _TEMPLATE,
        vectors=vectors,
        vectors_file=vectors_file.name,
        scores=scores,
        rows=rows,
        columns=list(scores),
        attrs={name: value for name, value in vectors.attrs.items() if name not in _NOT_SHOWN},
        pictures=in_page(pictures),
    )
