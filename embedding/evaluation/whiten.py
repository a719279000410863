"""Whitening: a shift and a projection, learned from pairs that match or from all vectors, and told on which set."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.base import ImageSet
from datasets.sources import seen

_ROWS = 1 << 14  # taken at a time
_LENGTH = 1e-6  # is added to each length, as cirtorch does
_JITTER = 1e-10  # the first that is added to a diagonal; it grows tenfold
_SINGULAR = 1e-12  # of the mean of a covariance's diagonal: what varies less is rounding


@dataclass(frozen=True, eq=False)
class Whitening:
    """y = projection (x - mean), to unit length.

    mean : (D,) float64
    projection : (d, D) float64, of which the first rows tell vectors apart best
    learned_on : the title and the fingerprint of the set it was learned on, or a name that somebody gave it; "" where
        nobody knows
    pictures : (N,) uint64, by which the pictures it was learned on are known again (``datasets.sources.seen``); or none
    """

    mean: np.ndarray
    projection: np.ndarray
    learned_on: str = ""
    pictures: np.ndarray = field(default_factory=lambda: np.empty(0, np.uint64))

    def __post_init__(self) -> None:
        if self.projection.ndim != 2 or self.mean.shape != self.projection.shape[1:] or not self.projection.size:
            raise ValueError(f"whitening of mean {self.mean.shape} and projection {self.projection.shape}")

    @property
    def dim(self) -> int:
        """Of the vectors that come out."""
        return len(self.projection)

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (N, D) whitened, (N, d) float32 of unit length; raises InputError where D is another one."""
        if vectors.shape[1] != len(self.mean):
            on = f" on {self.learned_on}" if self.learned_on else ""
            raise InputError(
                f"whitening: it was learned{on} from vectors of {len(self.mean)} dimensions, these have"
                f" {vectors.shape[1]}; take one that was learned with the same network"
            )
        whitened = np.empty((len(vectors), self.dim), np.float32)
        for start in range(0, len(vectors), _ROWS):
            rows = (vectors[start : start + _ROWS] - self.mean) @ self.projection.T
            whitened[start : start + _ROWS] = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + _LENGTH)
        return whitened

    def first(self, dim: int) -> "Whitening":
        """The same to the first ``dim`` dimensions; raises InputError where it has not so many."""
        if not 1 <= dim <= self.dim:
            raise InputError(f"whitening: it has 1 to {self.dim} dimensions to give, not {dim}; ask for no more")
        return replace(self, projection=self.projection[:dim])

    def told(self, images: ImageSet, rows: np.ndarray) -> "Whitening":
        """The same, with a record that it was learned on all ``rows`` of a set; their files are read for it."""
        return replace(self, learned_on=_named(images), pictures=seen.pictures(images, rows))

    def save(self, path: Path) -> None:
        """Write an .npz of plain arrays; raises InputError where it cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with beside(path) as part, part.open("wb") as file:
                arrays = {"mean": self.mean, "projection": self.projection, "pictures": self.pictures}
                np.savez(file, learned_on=np.array(self.learned_on), **arrays)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}; make room, or name another place") from None

    @classmethod
    def load(cls, path: Path) -> "Whitening":
        """What was saved at ``path``; raises InputError where it is no such file. Nothing in it is executed."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
                kept = {name: found[name] for name in ("mean", "projection", "pictures", "learned_on")}
            numbers = [kept[name].astype(np.float64) for name in ("mean", "projection")]
            if not all(np.isfinite(array).all() for array in numbers):
                raise ValueError("it holds numbers that are not finite")
            return cls(*numbers, str(kept["learned_on"]), kept["pictures"].astype(np.uint64).ravel())
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror or error}; name a whitening (.npz)") from None
        except (KeyError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} is no whitening ({_line(error)}): name one that was saved, or learn it anew"
            ) from None


def check_apart(whitening: Whitening, images: ImageSet, part: str = "") -> None:
    """Raise InputError where a set, or its ``part``, is to be judged with a whitening that was learned on it.

    Where the whitening's pictures are on record, none of them may ask or be right for a query; it may lie in the
    gallery among many others, as photographs do that are wrong for every query. Otherwise the names of the sets tell.
    """
    judged, known = f"the {part} part of {images.title}" if part else images.title, whitening.learned_on
    if len(whitening.pictures):
        shared = seen.shared(whitening.pictures, images, seen.judged(images, part))
        if len(shared):
            share = f"{len(shared):,} of the pictures by which {judged} is judged, such as"
            raise _not_apart(f"pictures of {known or 'some set'}: {share} {images.image_name(int(shared[0]))}", judged)
    elif known in (images.name, images.title, images.fingerprint(), _named(images)):
        raise _not_apart(f"{known}, on which it would be judged", judged)


def _not_apart(what: str, judged: str) -> InputError:
    return InputError(f"whitening: it was learned on {what}; learn it on something else than {judged}")


def _named(images: ImageSet) -> str:
    return f"{images.title} ({images.fingerprint()})"


def learn_lw(vectors: np.ndarray, pairs: np.ndarray, *, ridge: float = 0.0) -> Whitening:
    """The whitening that brings together what matches, learned from pairs: cirtorch's Lw.

    The differences of pairs get the identity as their second moment; then the axes along which all vectors lie farthest
    from the mean of the queries come first. Mikolajczyk and Matas, ICCV 2007; Radenovic, Tolias and Chum, ECCV 2016.

    vectors : (N, D), which all turn the axes, also those that are in no pair: none of them may be judged afterwards
    pairs : (M, 2) int64 rows of them, a query and a positive
    ridge : so much of the identity, scaled to the differences, is mixed into their second moment, from 0 to 1. With
        fewer pairs than dimensions there are directions in which no pair differs, and 0, which is what is published,
        stretches them without measure

    Raises InputError where there is no pair, or all pairs are of equal vectors.
    """
    if not len(pairs):
        raise InputError("whitening: there are no pairs to learn it from; name a set with pictures that match")
    queries, positives = pairs.T
    mean = _mean(vectors, queries)
    spread = _moment((_float(vectors, q) - _float(vectors, p) for q, p in _parts(queries, positives)), vectors.shape[1])
    spread /= len(pairs)
    if not np.trace(spread) > 0:
        raise InputError("whitening: the vectors of every pair are equal; name a set with several pictures of a thing")
    spread = (1 - ridge) * spread + ridge * np.trace(spread) / len(spread) * np.eye(len(spread))
    closer = np.linalg.inv(_cholesky(spread))
    rows = np.arange(len(vectors))
    moment = _moment(((_float(vectors, part) - mean) @ closer.T for (part,) in _parts(rows)), vectors.shape[1])
    axes = np.linalg.eigh(moment)[1].T
    return Whitening(mean, np.ascontiguousarray((axes @ closer)[::-1]))  # NumPy's products are slow backwards


def learn_pca(vectors: np.ndarray, dim: int | None = None, shrinkage: float = 1.0) -> Whitening:
    """The whitening by principal components, learned from vectors (N, D) alone.

    dim : how many components, the strongest first; None for all that there are, which are fewer than N
    shrinkage : each component is divided by its variance to the power of half of it: 1 whitens wholly, 0 turns only,
        and what is between keeps the weak ones from being blown up (Tolias, Jenicek and Chum, ECCV 2020)

    Raises InputError where there are not so many components.
    """
    mean = _mean(vectors, np.arange(len(vectors)))
    variances, axes = _components(vectors, mean)
    there = int((variances > _SINGULAR * variances.sum()).sum()) if len(variances) else 0
    if not there or (dim or 1) > there:
        raise InputError(
            f"whitening: {len(vectors):,} vectors of {vectors.shape[1]} dimensions have {there} components, and"
            f" {dim or 'one'} {'is' if dim is None else 'are'} needed; learn it on more pictures, or take a smaller dim"
        )
    kept = slice(dim or there)
    return Whitening(mean, axes[kept] / variances[kept, None] ** (shrinkage / 2))


def _components(vectors: np.ndarray, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances, largest first, and the unit axes (n, D) along which they are; n is no more than N or D."""
    if len(vectors) < vectors.shape[1]:
        values, axes = np.linalg.svd((vectors - mean) / np.sqrt(max(1, len(vectors))), full_matrices=False)[1:]
        return values**2, axes
    centred = (_float(vectors, part) - mean for (part,) in _parts(np.arange(len(vectors))))
    variances, axes = np.linalg.eigh(_moment(centred, vectors.shape[1]) / len(vectors))
    return variances[::-1], np.ascontiguousarray(axes.T[::-1])


def _cholesky(moment: np.ndarray) -> np.ndarray:
    """The lower triangle whose square ``moment`` is, or is with the smallest jitter on its diagonal that lets it be."""
    least, jitter = _SINGULAR * np.trace(moment) / len(moment), 0.0
    while True:
        try:
            lower = np.linalg.cholesky(moment + jitter * np.eye(len(moment)))
            if lower.diagonal().min() ** 2 > least:
                return lower
        except np.linalg.LinAlgError:
            pass
        jitter = jitter * 10 or _JITTER


def _mean(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(D,) float64, the mean of some rows; raises InputError where a vector of all is not finite."""
    if not all(np.isfinite(vectors[start : start + _ROWS]).all() for start in range(0, len(vectors), _ROWS)):
        raise InputError("whitening: some of the vectors are not finite numbers; leave out what could not be read")
    return sum(_float(vectors, part).sum(axis=0) for (part,) in _parts(rows)) / max(1, len(rows))


def _moment(blocks: Iterable[np.ndarray], dim: int) -> np.ndarray:
    """(D, D), the sum of the products of each row with itself."""
    total = np.zeros((dim, dim))
    for rows in blocks:
        total += rows.T @ rows
    return total


def _parts(*rows: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Arrays of one length, some entries at a time."""
    for start in range(0, len(rows[0]), _ROWS):
        yield tuple(each[start : start + _ROWS] for each in rows)


def _float(vectors: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return vectors[rows].astype(np.float64)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
