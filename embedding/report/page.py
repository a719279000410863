"""The report of a vectors file: scores, maps, queries with their nearest images and training curves on one page."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from datasets import relevance
from datasets.errors import InputError
from datasets.files.whole import write_page
from datasets.stored import vectors_file as file
from datasets.vectors import exact
from datasets.vectors.base import Embeddings, VectorSet
from embedding.evaluation.scores import KS, evaluate_set
from embedding.report import plots
from embedding.report.matches import Matched, matched
from embedding.report.thumbnails import Thumbnails, read_thumbnail
from embedding.report.tsne import sample_by_class, tsne
from embedding.reranking.verify import DEFAULT, Verification
from embedding.training.journal import Line, read_lines

FEATURES = "features"  # folder of a report, for local features
_TEMPLATES = Path(__file__).parent / "templates"
_MAP_LIMIT = 5000  # images on a map
_MAP_COLUMNS, _MAP_ROWS, _MAP_SIDE = 34, 25, 44  # cells of the map of thumbnails, and their pixels
_NOT_TO_RAISE = ("standard error", "eer")  # scores of which the highest is not the best
_QUERIES, _NEAREST = 10, 8  # rows and columns of the grid of nearest images


def write_report(
    vectors_file: Path,
    folder: Path,
    *,
    metrics_file: Path | None = None,
    thumbnails: Thumbnails = read_thumbnail,
    seed: int = 0,
    rerank: int = 0,
    verification: Verification = DEFAULT,
) -> Path:
    """Turn a vectors file into ``folder``: index.html, which needs nothing beside it, and its pictures as PNG.

    metrics_file : the metrics.jsonl of the run that made the vectors; adds its scores and its training curves
    thumbnails : name of an image -> (s, s, 3) uint8 RGB
    seed : of the maps, of the images on them, and of the queries shown
    rerank : so many answers of the queries shown are compared by local features, which are kept in ``folder``, and
        what matches is drawn; 0 for none
    verification : how they are compared

    Returns the path of index.html. Raises InputError where a file cannot be read, the vectors have no labels, or the
    folder cannot be written.
    """
    vectors = file.load(vectors_file)
    lines = read_lines(metrics_file) if metrics_file else []
    scores = _score(vectors, seed)
    pictures = _draw(vectors, thumbnails, seed) | training_curves(lines)
    rows = table_rows(lines, {vectors_file.name: scores})
    shown = _queries_shown(vectors.query_labels, seed) if rerank else np.arange(0)
    matches = matched(vectors, shown, rerank, folder / FEATURES, verification) if rerank else []
    return write(folder, _page(vectors, vectors_file, rows, scores, pictures, matches), pictures)


def training_curves(lines: Sequence[Line]) -> dict[str, bytes]:
    """The picture of a run's epochs, each as it was last trained, as PNG by name; none where there are no epochs."""
    epochs = list({line["epoch"]: line for line in lines if line.get("kind") == "epoch"}.values())
    return {"curves": plots.curves(epochs)} if epochs else {}


def _score(vectors: VectorSet, seed: int) -> dict[str, float]:
    ks: Sequence[int] = vectors.attrs.get("ks", KS)  # type: ignore[assignment]
    return evaluate_set(vectors, ks=ks, seed=seed)


def _draw(vectors: VectorSet, thumbnails: Thumbnails, seed: int) -> dict[str, bytes]:
    """The pictures that every vectors file has, as PNG by name."""
    shown = _images_of_map(vectors, seed)
    places = tsne(shown.vectors, seed=seed)
    names = {int(label): class_name(vectors, label) for label in np.unique(shown.labels)}
    cells = plots.thin(places, _MAP_COLUMNS, _MAP_ROWS)
    tiles = {cell: thumbnails(shown.paths[place]) for cell, place in cells.items()}
    return {
        "nearest": plots.grid_of_nearest(nearest(vectors, thumbnails, seed)),
        "map_images": plots.map_of_images(tiles, _MAP_COLUMNS, _MAP_ROWS, side=_MAP_SIDE),
        "map_classes": plots.map_of_classes(places, shown.labels, names),
    }


def _images_of_map(vectors: VectorSet, seed: int) -> Embeddings:
    parts = [vectors.query_embeddings]
    if not vectors.leave_one_out:
        others = np.setdiff1d(np.arange(len(vectors.gallery)), vectors.own_rows)  # an image that is both is shown once
        parts.append(vectors.gallery_embeddings.take(others))
    labels = np.concatenate([part.labels for part in parts])
    rows = sample_by_class(labels, _MAP_LIMIT, seed=seed)
    paths = [path for part in parts for path in part.paths]
    together = np.concatenate([part.vectors for part in parts])
    return Embeddings(together[rows], labels[rows], tuple(paths[row] for row in rows))


def nearest(vectors: VectorSet, thumbnails: Thumbnails, seed: int) -> list[tuple[plots.Tile, list[plots.Tile]]]:
    """Queries of different classes, or sets of concepts, drawn at random, each with its nearest images.

    vectors : labelled, of any metric
    """
    rows = _queries_shown(vectors.query_labels, seed)
    queries, exclude = np.asarray(vectors.queries[rows]), vectors.own_rows[rows]
    k = max(1, min(_NEAREST, len(vectors.gallery) - 1))
    neighbors, _ = exact.search(queries, vectors.gallery, k, metric=vectors.metric, exclude=exclude)
    hits = relevance.hits(neighbors, vectors.query_labels[rows], vectors.gallery_labels)

    def tile(part: str, row: int, right: bool) -> plots.Tile:
        paths, labels = getattr(vectors, f"{part}_paths"), getattr(vectors, f"{part}_labels")
        path = paths[row] if paths else ""
        return plots.Tile(thumbnails(path), class_name(vectors, labels[row]), right)

    return [
        (
            tile("query", row, True),
            [tile("gallery", near, bool(hit)) for near, hit in zip(found, right, strict=True) if near >= 0],
        )
        for row, found, right in zip(rows, neighbors, hits, strict=True)
    ]


def _queries_shown(labels: np.ndarray, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(labels))
    _, first = np.unique(labels[order], axis=0, return_index=True)
    return order[rng.permutation(first)[:_QUERIES]]


def class_name(vectors: VectorSet, label: np.ndarray) -> str:
    """The name of a class (), or those of all concepts (L,) that an image shows, with commas."""
    if label.ndim:
        return ", ".join(class_name(vectors, concept) for concept in np.flatnonzero(label)) or "no concept"
    name = vectors.class_names[label] if vectors.class_names else f"class {label}"
    return readable(name)


def readable(text: str) -> str:
    """``text`` as a page can hold it: names of files and folders need not be valid UTF-8."""
    return text.encode("utf-8", "replace").decode()


def table_rows(lines: Sequence[Line], scored: Mapping[str, Mapping[str, float]]) -> list[dict[str, Any]]:
    """Rows of the score table: those of the run, each as it was last measured, then those of files by name.

    A file is left out where the run has the very same scores: then the file holds that row's vectors.
    """
    of_run = {(line["row"], line.get("data")): dict(line) for line in lines if line.get("kind") == "scores"}
    rows = list(of_run.values())

    def known(scores: Mapping[str, float]) -> bool:
        retrieval = [column for column in scores if column != "nmi"]
        return any(all(abs((row.get(column) or 0) - scores[column]) < 1e-6 for column in retrieval) for row in rows)

    return rows + [{"row": name, **scores} for name, scores in scored.items() if not known(scores)]


def _page(
    vectors: VectorSet,
    vectors_file: Path,
    rows: Sequence[Line],
    scores: Mapping[str, float],
    pictures: Mapping[str, bytes],
    matches: Sequence[Matched],
) -> str:
    columns = dict.fromkeys(name for row in [scores, *rows] for name in row if name in scores or "@" in name)
    columns.pop("queries left out", None)
    best = {column: max(row.get(column) or 0 for row in rows) for column in columns if column not in _NOT_TO_RAISE}
    return render(
        _TEMPLATES / "report.html.j2",
        vectors=vectors,
        vectors_file=vectors_file.name,
        classes=len(np.unique(vectors.gallery_embeddings.labels)),
        scores=scores,
        left_out=int(scores.get("queries left out", 0)),
        rows=rows,
        columns=list(columns),
        best=best if len(rows) > 1 else {},
        attrs={name: value for name, value in vectors.attrs.items() if name != "leave_one_out"},
        pictures=in_page(pictures),
        matches=matches,
    )


def render(template: Path, **values: Any) -> str:
    """The page of a template, which may include what lies beside the templates of this package."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, _TEMPLATES]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template.name).render(values)


def in_page(pictures: Mapping[str, bytes]) -> dict[str, str]:
    """PNG files as the text that a page holds them by."""
    return {name: base64.b64encode(png).decode() for name, png in pictures.items()}


def write(folder: Path, page: str, pictures: Mapping[str, bytes]) -> Path:
    """Write ``folder``/index.html and the pictures by name; raises InputError where they cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, png in pictures.items():
            (folder / f"{name}.png").write_bytes(png)
    except OSError as error:
        raise InputError(f"{folder}: the report cannot be written there ({error.strerror})") from error
    return write_page(folder, page)
