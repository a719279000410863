"""Likely: pairs of pictures that may show the same thing, of which nobody has said so yet, the most alike first."""

from dataclasses import dataclass

import numpy as np

from web.annotate.rows import row
from web.galleries import served
from web.galleries.models import Gallery, Picture
from web.serving.snapshot import Snapshot

AT_MOST = 12  # pairs at once
_LOOKED_AT = 200  # pictures whose neighbors are looked at
_NEIGHBORS = 5
_OF_ONE = 60  # neighbors of a picture that somebody chose


@dataclass(frozen=True)
class Likely:
    """Two pictures, that of the lower number first, and how alike they are; the revision of what was said of them."""

    first: Picture
    second: Picture
    score: float
    revision: int


def likely(gallery: Gallery, *, like: int | None = None, draw: int = 0) -> list[Likely]:
    """Pairs of the picture ``like`` with its neighbors, or of 200 pictures drawn at random, by the lot ``draw``."""
    snapshot = served.of_gallery(gallery).snapshot
    if like is not None:
        rows, count = snapshot.rows(np.array([like])), _OF_ONE
        rows = rows[rows >= 0]
    else:
        rng = np.random.default_rng((draw, len(snapshot)))
        rows, count = rng.choice(len(snapshot), min(_LOOKED_AT, len(snapshot)), replace=False), _NEIGHBORS
    found = _pairs(snapshot, np.sort(rows), count) if len(rows) else {}
    said = _said(gallery, found)
    open_ones = sorted((pair for pair in found if not said.get(pair, ("", 0))[0]), key=lambda pair: -found[pair])
    shown = open_ones[:AT_MOST]
    numbers = np.array(sorted({number for pair in shown for number in pair}), np.int64)
    there = {one.pk: one for one in row.pictures(gallery, numbers) if one.state == Picture.State.THERE}
    return [
        Likely(there[pair[0]], there[pair[1]], found[pair], said.get(pair, ("", 0))[1])
        for pair in shown
        if there.keys() >= set(pair)
    ]


def _pairs(snapshot: Snapshot, rows: np.ndarray, count: int) -> dict[tuple[int, int], float]:
    """Scores of the pairs of rows (n,) with their neighbors."""
    numbers, scores = snapshot.search(snapshot.unit_rows(rows), min(count + 1, len(snapshot)))
    mine = np.broadcast_to(snapshot.ids[rows][:, None], numbers.shape)
    others = (numbers >= 0) & (numbers != mine)
    low, high = np.minimum(mine, numbers)[others], np.maximum(mine, numbers)[others]
    return dict(zip(zip(low.tolist(), high.tolist(), strict=True), scores[others].tolist(), strict=True))


def _said(gallery: Gallery, found: dict[tuple[int, int], float]) -> dict[tuple[int, int], tuple[str, int]]:
    firsts = {first for first, _ in found}
    said = gallery.pairs.filter(first__in=firsts).values_list("first", "second", "told", "revision")
    return {(first, second): (told, revision) for first, second, told, revision in said}
