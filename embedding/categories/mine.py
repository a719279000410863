"""Mining: what known classes teach and a method put together, and the proposals that come of it."""

from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError, unknown
from embedding.categories.confidence import plain
from embedding.categories.known import Known, confidence_of, draws, floor_of, reach_of
from embedding.categories.neighborhood import unit_rows
from embedding.categories.proposals import Method, Proposals, counted, linked, propose, regions

METHODS = ("threshold", "density")
_MIN_SIZES = {"threshold": 3, "density": 5, "count": 3}  # HDBSCAN makes crumbs of classes where it may
_PURITY = "confidence is the purity that such clusters have among the known classes"
_SILHOUETTE = "confidence is the silhouette, good for the order only: known classes would turn it into a purity"


@dataclass(frozen=True)
class Wish:
    """How to mine.

    k : the number of new classes, 0 for unknown
    method : threshold or density, where k is unknown; threshold with known classes and density without, if empty
    min_size : images of the smallest cluster; 3, or 5 with density, if None
    mark_known : whether images may be taken for known classes
    """

    k: int = 0
    method: str = ""
    min_size: int | None = None
    mark_known: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Mined:
    """Proposals, and in words how they were come by, a line a fact."""

    proposals: Proposals
    facts: tuple[str, ...]


def mine(vectors: np.ndarray, known: Known | None, wish: Wish) -> Mined:
    """Proposals for vectors (N, D), of which only the angles between them count.

    Raises InputError where the wish and what is there do not fit together.
    """
    name = _method_name(wish, known, len(vectors))
    min_size = _MIN_SIZES[name] if wish.min_size is None else wish.min_size
    rows = unit_rows(vectors)
    drawn = draws(known, len(rows), seed=wish.seed) if known else []
    method, fact = _method(name, known, drawn, wish, min_size)
    confidence, marks, facts = plain, None, [fact, _SILHOUETTE]
    if known:
        confidence = confidence_of(known, drawn, method, min_size=min_size)
        facts[1] = _PURITY
    if known and wish.mark_known:
        floor, found = floor_of(known)
        marks = known.mark(rows, floor)
        facts.append(
            f"an image is of a known class from a cosine of {floor:.3f} to its centre on: so high that 5 % of new"
            f" images reach it, and {100 * found:.0f} % of the known classes' own"
        )
    proposals = propose(rows, method, k=wish.k, min_size=min_size, confidence=confidence, known=marks)
    return Mined(proposals, tuple(facts))


def _method_name(wish: Wish, known: Known | None, count: int) -> str:
    if wish.min_size is not None and wish.min_size < 2:
        raise InputError(f"--min-size={wish.min_size}: a class has at least 2 images")
    if wish.k and wish.method:
        raise InputError(f"--k={wish.k} --method={wish.method}: a method is for an unknown number of classes; drop one")
    if wish.k:
        if not 2 <= wish.k <= count:
            raise InputError(f"--k={wish.k}: must lie between 2 and the number of images, {count}")
        return "count"
    if wish.method and wish.method not in METHODS:
        raise unknown("method", wish.method, METHODS)
    if wish.method == "threshold" and known is None:
        raise InputError("--method=threshold learns from known classes: give --known=FILE, or take --method=density")
    return wish.method or ("threshold" if known else "density")


def _method(name: str, known: Known | None, drawn: list[np.ndarray], wish: Wish, min_size: int) -> tuple[Method, str]:
    """The method and a line about it."""
    if name == "count":
        return counted(seed=wish.seed, min_size=min_size), f"{wish.k} clusters by k-means, started by average linkage"
    if name == "density" or known is None:
        why = "" if wish.method else ": no known classes to learn a threshold from"
        return regions(min_size=min_size), f"dense regions of at least {min_size} images (HDBSCAN){why}"
    reach = reach_of(known, drawn)
    return linked(reach), f"average linkage up to a mean 1 - cosine of {reach:.3f}, where it groups known classes best"
