"""PairSet: pictures, or their features, each with a text, or its features, and the labels that a pair has."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet

Counts = dict[str, int]  # of pairs that train, ask and answer


@dataclass(frozen=True)
class PairSet:
    """Pictures and the texts that belong to them.

    pictures : N of them with labels and split; where ``precomputed``, its ``images`` are features (N, D) float32 that
        somebody has extracted
    texts : N texts as they were written, or features (N, W) float32 of them
    """

    pictures: ImageSet
    texts: tuple[str, ...] | np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def name(self) -> str:
        """What the set is called, in names of files too."""
        return self.pictures.name

    @property
    def title(self) -> str:
        """The name that stands beside every score."""
        return self.pictures.title

    @property
    def precomputed(self) -> bool:
        """Whether the pictures are features already."""
        return isinstance(self.pictures.images, np.ndarray) and self.pictures.images.ndim == 2

    @property
    def written(self) -> bool:
        """Whether the texts are words, not features of them."""
        return isinstance(self.texts, tuple)

    def text_name(self, row: int) -> str:
        """What to call text ``row``: itself, or the set's name and the row."""
        return self.texts[row] if self.written else f"{self.name} text[{row}]"

    def with_split(self, *, train: np.ndarray, query: np.ndarray, gallery: np.ndarray) -> "PairSet":
        """The same pairs under another split."""
        return replace(self, pictures=self.pictures.with_split(train=train, query=query, gallery=gallery))

    def check(self) -> "PairSet":
        """Itself, where everything has N rows, no text is empty and no number is missing; raises InputError."""
        name, count = self.name, len(self)
        for what, rows in (("texts", self.texts), ("labels", self.pictures.labels)):
            if len(rows) != count:
                raise InputError(f"dataset {name}: {count:,} pictures, but {len(rows):,} {what}")
        for part in ("train", "query", "gallery"):
            rows = getattr(self.pictures, part)
            if len(rows) and not (rows.min() >= 0 and rows.max() < count):
                raise InputError(f"dataset {name}: {part} names pairs that are not there (rows up to {rows.max()})")
        for what, rows in (("pictures", self.pictures.images), ("texts", self.texts)):
            if isinstance(rows, np.ndarray) and rows.dtype.kind == "f" and not np.isfinite(rows).all():
                raise InputError(f"dataset {name}: features of its {what} hold NaN or infinity; mend them")
        if self.written and (empty := [row for row, text in enumerate(self.texts) if not text.strip()]):
            where = self.pictures.image_name(empty[0])
            raise InputError(f"dataset {name}: {where} has an empty text ({len(empty):,} such); take it out")
        return self

    def check_counts(self, counts: Counts, *, place: Path, title: str) -> "PairSet":
        """Itself; raises InputError naming ``place`` where a part has another number of pairs than ``title`` has."""
        for part, expected in counts.items():
            found = len(getattr(self.pictures, part))
            if found != expected:
                what = f"{found:,} pairs in its {part} part, where {title} has {expected:,}"
                raise InputError(f"{place}: has {what}: unpack the set again, or it is another one")
        return self

    def fingerprint(self) -> str:
        """A short hash to tell two sets apart: of pictures, labels and split, and of the texts."""
        digest = hashlib.sha256(self.pictures.fingerprint().encode())
        texts = "\n".join(self.texts).encode("utf-8", "surrogateescape") if self.written else self.texts
        digest.update(np.ascontiguousarray(texts) if isinstance(texts, np.ndarray) else texts)
        return digest.hexdigest()[:16]
