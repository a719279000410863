"""ImageSet: labelled images, as files or as arrays, with their split into train, query and gallery."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from datasets.errors import InputError
from datasets.images.truth import Truth

log = logging.getLogger(__name__)

Size = int | tuple[int, int]  # of an image in pixels: the side of a square, or height and width


@dataclass(frozen=True)
class Pairs:
    """Pairs of images that show the same class or not, in folds: the task of verification.

    rows : (P, 2) int64 rows of the set's images; same : (P,) bool; folds : (P,) int64, 0, 1, ...
    """

    rows: np.ndarray
    same: np.ndarray
    folds: np.ndarray

    def __post_init__(self) -> None:
        shapes = (self.rows.shape, self.same.shape, self.folds.shape)
        count = len(self.rows)
        if shapes != ((count, 2), (count,), (count,)):
            raise ValueError(f"pairs need rows (P, 2), same (P,) and folds (P,), not {shapes}")
        if count and self.rows.min() < 0:
            raise ValueError(f"pairs name row {self.rows.min()}")


@dataclass(frozen=True)
class ImageSet:
    """Labelled images and their split.

    name : what the set is called, in names of files too, so that it has no slash
    images : N paths, or one uint8 array (N, H, W, 3) of RGB images
    labels : (N,) int64, positions in ``class_names``; or (N, L) bool where an image may show several concepts: which
        of ``class_names`` it shows
    train, query, gallery : int64 rows of ``images``. Where query and gallery are the same rows, evaluation is
        leave-one-out: every image asks all the others.
    boxes : (N, 4) float32 of x, y, width, height in pixels to crop to before anything else, a row of NaN for
        all of an image; or None
    size : the size at which a network sees these images unless the user says otherwise
    cameras : (N,) int64, the camera of each image, or None. Where given, a query is not asked for images of its own
        class by its own camera: they are dropped from its ranking
    pairs : the pairs by which the set is judged, in place of queries and gallery, or None
    truth : what each query is to find in the gallery, where labels do not tell it, or None. An image that asks and
        stands in the gallery too is junk for itself; a query that is cropped from a picture of the gallery is another
        row of the same path
    matches : (M, 2) int64, rows of training images that show the same instance, a query and a positive, where that is
        known of pairs and not of classes; or None
    parts : the part of the set that each image belongs to, N names; or () where it has none
    sketches : (N,) bool, which images are sketches, which ask, and not photographs; None where all are alike
    """

    name: str
    images: Sequence[str] | np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    train: np.ndarray
    query: np.ndarray
    gallery: np.ndarray
    boxes: np.ndarray | None = None
    size: Size = 224
    cameras: np.ndarray | None = None
    pairs: Pairs | None = None
    truth: Truth | None = None
    matches: np.ndarray | None = None
    parts: tuple[str, ...] = ()
    sketches: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.images)

    @property
    def several_labels(self) -> bool:
        """Whether an image may show several concepts, and is relevant where it shares one."""
        return self.labels.ndim == 2

    @property
    def title(self) -> str:
        """The name that stands beside every score; says so where images are cropped to their boxes."""
        return self.name if self.boxes is None else f"{self.name} (cropped to boxes)"

    @cached_property
    def crops(self) -> np.ndarray | None:
        """(N, 4) what each image is cropped to, x, y, width, height, NaN where to nothing; or None for all whole.

        That are the ``boxes``, and of queries those that the truth has.
        """
        if self.truth is None or self.truth.boxes is None:
            return self.boxes
        found = np.full((len(self), 4), np.nan, np.float32) if self.boxes is None else self.boxes.copy()
        found[self.query] = self.truth.boxes
        return found

    @property
    def leave_one_out(self) -> bool:
        """Whether every query is searched in the gallery that it is itself part of."""
        return np.array_equal(self.query, self.gallery)

    def image_name(self, row: int) -> str:
        """What to call image ``row``: its path, or the set's name and the row."""
        return f"{self.name}[{row}]" if isinstance(self.images, np.ndarray) else str(self.images[row])

    def check(self, *, alone: bool = False) -> "ImageSet":
        """Itself, where sizes fit and every class can be trained on and asked for; raises InputError otherwise.

        alone : a class may have one image to be asked for, which evaluation then leaves out of the queries
        """
        for part in ("train", "query", "gallery"):
            rows = getattr(self, part)
            if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
                raise InputError(
                    f"dataset {self.name}: {part} names images that are not there (rows up to {rows.max()})"
                )
        for what in ("labels", "boxes", "cameras", "parts", "sketches"):
            values = getattr(self, what) if what != "parts" else self.parts or None
            if values is not None and len(values) != len(self):
                raise InputError(f"dataset {self.name}: {len(self)} images, but {len(values)} {what}")
        if self.truth is not None and (fault := self.truth.fault(self.query, self.gallery)):
            raise InputError(f"dataset {self.name}: {fault}")
        self._check_matches()
        if self.several_labels:
            return self._check_concepts()
        if self.matches is None:
            self._check_pairs("train")
        if self.leave_one_out and self.pairs is None and self.truth is None and not alone:
            self._check_pairs("query")
        return self

    def _check_matches(self) -> None:
        if self.matches is None:
            return
        if self.matches.shape != (len(self.matches), 2) or not np.isin(self.matches, self.train).all():
            raise InputError(f"dataset {self.name}: its matches must be pairs (M, 2) of images that train")

    def _check_concepts(self) -> "ImageSet":
        if self.labels.dtype != bool or self.labels.shape[1] != len(self.class_names):
            raise InputError(
                f"dataset {self.name}: labels must be ({len(self)}, {len(self.class_names)}) bool, a column for every"
                f" class name, not {self.labels.shape} {self.labels.dtype}"
            )
        return self

    def require(self, *parts: str) -> "ImageSet":
        """Itself, where none of ``parts`` (train, query, gallery) is empty; raises InputError otherwise."""
        for part in parts:
            if not len(getattr(self, part)):
                use = "train" if part == "train" else "test"
                raise InputError(
                    f"dataset {self.name}: its {part} part is empty; name a set with images to {use} on"
                    f" (a CSV file gives them split={use})"
                )
        return self

    def _check_pairs(self, part: str) -> None:
        alone = self._alone(part)
        if len(alone):
            raise InputError(
                f"dataset {self.name}: class '{self.class_names[alone[0]]}' has one image in its {part} part"
                f" ({len(alone)} such class(es)); a class needs at least two to make a pair: add images or remove it"
            )

    def with_lone_in_gallery(self) -> "ImageSet":
        """The same where a class with one image trains nothing and, in leave-one-out, asks nothing; how many is told.

        It stays in the gallery, where others may wrongly find it. Where two images have one name, for they are crops
        of one file, all go on asking: only by its name a query is known in a gallery that is not the queries.
        Where truth or matches tell what belongs together, no class does, and none is alone.
        """
        if self.several_labels:
            return self
        asks = self.leave_one_out and (isinstance(self.images, np.ndarray) or len(set(self.images)) == len(self))
        parts = {"train": "train"} if self.matches is None else {}
        if asks and self.truth is None:
            parts["query"] = "ask"
        split = {part: getattr(self, part) for part in ("train", "query", "gallery")}
        for part, what in parts.items():
            alone = self._alone(part)
            if len(alone):
                log.info(
                    "%s: %d class(es) with one image in the %s part %s nothing, such as '%s'",
                    self.name, len(alone), "test" if part == "query" else part, what, self.class_names[alone[0]],
                )  # fmt: skip
            split[part] = split[part][~np.isin(self.labels[split[part]], alone)]
        return self.with_split(**split)

    def _alone(self, part: str) -> np.ndarray:
        """The classes with one image in a part."""
        return np.flatnonzero(np.bincount(self.labels[getattr(self, part)], minlength=len(self.class_names)) == 1)

    def with_split(self, *, train: np.ndarray, query: np.ndarray, gallery: np.ndarray) -> "ImageSet":
        """The same images under another split.

        The pairs stay only where their images all are queries still, and so does the truth, as far as the new gallery
        goes; the matches, where both images train still. What is cropped stays so, with the truth or without.
        """
        stay = self.pairs is not None and np.isin(self.pairs.rows, query).all()
        truth, matches = self.truth, self.matches
        if truth is not None:
            truth = truth.under((self.query, self.gallery), (query, gallery))
        if matches is not None:
            matches = matches[np.isin(matches, train).all(axis=1)]
        split = {"train": train, "query": query, "gallery": gallery}
        boxes = self.crops if truth is None else self.boxes
        return replace(self, **split, boxes=boxes, pairs=self.pairs if stay else None, truth=truth, matches=matches)

    def fingerprint(self) -> str:
        """A short hash to tell two sets apart.

        It is of images (bytes of arrays, names of files), labels, boxes, split, truth, and all else that there is.
        """
        digest = hashlib.sha256(self.title.encode())
        if isinstance(self.images, np.ndarray):
            digest.update(np.ascontiguousarray(self.images))
        else:
            digest.update("\n".join(map(str, self.images)).encode("utf-8", "surrogateescape"))
        pairs = (self.pairs.rows, self.pairs.same, self.pairs.folds) if self.pairs else ()
        truth = self.truth.arrays() if self.truth else ()
        split = (self.train, self.query, self.gallery)
        for array in (self.labels, *split, self.boxes, self.cameras, *pairs, self.matches, *truth, self.sketches):
            if array is not None:
                digest.update(np.ascontiguousarray(array))
        digest.update("\n".join(self.parts).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:16]


def split_by_class(labels: np.ndarray, train_classes: np.ndarray) -> dict[str, np.ndarray]:
    """The split of metric learning: images of ``train_classes`` train, all others ask each other (leave-one-out)."""
    is_train = np.isin(labels, train_classes)
    test = np.flatnonzero(~is_train)
    return {"train": np.flatnonzero(is_train), "query": test, "gallery": test}
