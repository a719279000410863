"""The report of saved codes: scores, precision against recall, what bits and distances are like, nearest images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datasets.vectors.base import VectorSet
from embedding.report.page import in_page, nearest, render, table_rows, training_curves, write
from embedding.report.plots import grid_of_nearest
from embedding.report.thumbnails import Thumbnails, read_thumbnail
from embedding.training.journal import read_lines
from hashing.evaluation.histograms import histograms
from hashing.evaluation.scores import EXPECTED, Rules, curves
from hashing.report import bits, plots, saved_codes
from hashing.report.saved_codes import Scored

_TEMPLATE = Path(__file__).parent / "templates" / "hash_report.html.j2"


def write_hash_report(
    files: Sequence[Path],
    folder: Path,
    *,
    metrics_file: Path | None = None,
    thumbnails: Thumbnails = read_thumbnail,
    seed: int = 0,
    rules: Rules = EXPECTED,
) -> Path:
    """Turn codes files into ``folder``: index.html, which needs nothing beside it, and its pictures as PNG.

    files : vectors files of codes, or run folders, one or more; the queries shown are those of the first
    metrics_file : the metrics.jsonl of the run that made the first; adds its scores and its training curves
    thumbnails : name of an image -> (s, s, 3) uint8 RGB
    seed : of the queries shown
    rules : how ties and queries without a hit are counted

    Returns the path of index.html. Raises InputError where a file cannot be read or holds no labelled codes, or the
    folder cannot be written.
    """
    scored = saved_codes.score(files, rules=rules)
    return write_scored(scored, folder, metrics_file=metrics_file, thumbnails=thumbnails, seed=seed, rules=rules)


def write_scored(
    scored: Sequence[Scored],
    folder: Path,
    *,
    metrics_file: Path | None = None,
    thumbnails: Thumbnails = read_thumbnail,
    seed: int = 0,
    rules: Rules = EXPECTED,
    radius: int = 2,
) -> Path:
    """``write_hash_report`` of codes that have their scores already, by ``rules`` and within ``radius``."""
    lines = read_lines(metrics_file) if metrics_file else []
    pictures = training_curves(lines)
    pictures["precision_recall"] = plots.precision_recall(
        {one.name: curves(one.vectors) for one in scored}, radius=radius
    )
    pictures["nearest"] = grid_of_nearest(nearest(scored[0].vectors, thumbnails, seed))
    about = []
    for number, one in enumerate(scored):
        shares, related = bits.balance(one.vectors.gallery), bits.correlation(one.vectors.gallery)
        pictures[f"codes_{number}"] = plots.statistics(shares, related, histograms(one.vectors), radius=radius)
        about.append(_facts(one, shares, related))
    rows = _rows(table_rows(lines, {one.name: one.scores for one in scored}), scored)
    return write(folder, _page(scored, rows, about, rules, pictures), pictures)


def _facts(one: Scored, shares: np.ndarray, related: np.ndarray) -> dict[str, Any]:
    """What the page says of one file beside its picture."""
    gallery = one.vectors.gallery
    away = related[~np.eye(len(related), dtype=bool)]
    return {
        "name": one.name,
        "file": str(one.path),
        "bits": one.vectors.dim,
        "distinct": len(np.unique(gallery.view(f"V{gallery.shape[1]}"))),
        "gallery": len(gallery),
        "least": shares.min(),
        "most": shares.max(),
        "related": np.abs(away).mean(),
    }


def _rows(rows: Sequence[Mapping[str, Any]], scored: Sequence[Scored]) -> list[dict[str, Any]]:
    """Rows of the table with their bits and data; those of the run are of the first file's."""
    of_file = {one.name: one.vectors for one in scored}
    found = []
    for row in rows:
        vectors = of_file.get(row["row"], scored[0].vectors)
        found.append({"bits": vectors.dim, "data": vectors.name, **row})
    return found


def _page(
    scored: Sequence[Scored],
    rows: Sequence[Mapping[str, Any]],
    about: Sequence[Mapping[str, Any]],
    rules: Rules,
    pictures: Mapping[str, bytes],
) -> str:
    first = scored[0]
    columns = list(dict.fromkeys(name for row in [first.scores, *rows] for name in row if "@" in name))
    best = {column: max(row.get(column) or 0 for row in rows) for column in columns}
    return render(
        _TEMPLATE,
        title=first.vectors.name if len(scored) == 1 else f"{len(scored)} files of codes",
        first=first,
        vectors=first.vectors,
        labels=_labels(first.vectors),
        nothing=int(first.scores.get("queries with nothing to find", 0)),
        rows=rows,
        columns=columns,
        best=best if len(rows) > 1 else {},
        about=about,
        rules=rules,
        several=first.vectors.gallery_labels.ndim == 2,
        pictures=in_page(pictures),
    )


def _labels(vectors: VectorSet) -> int:
    """How many classes or concepts there are."""
    labels = vectors.gallery_labels
    return labels.shape[1] if labels.ndim == 2 else len(np.unique(labels))
