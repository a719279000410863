"""CaptionSet: images, the sentences that say what they show, and the split into train, dev and test."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet, Size

PARTS = ("train", "dev", "test")


@dataclass(frozen=True)
class CaptionSet:
    """Images with captions.

    name : what the set is called, in names of files too, so that it has no slash
    images : N paths, or one uint8 array (N, H, W, 3) of RGB images, or one float32 array (N, D) of features that
        somebody has extracted
    captions : C sentences as they were written
    image_of : (C,) int64, the row of the image that each caption belongs to, ascending
    train, dev, test : int64 rows of images; an image is in one of them or in none
    size : the size at which a network sees these images unless the user says otherwise
    """

    name: str
    images: Sequence[str] | np.ndarray
    captions: tuple[str, ...]
    image_of: np.ndarray
    train: np.ndarray
    dev: np.ndarray
    test: np.ndarray
    size: Size = 224

    def __len__(self) -> int:
        return len(self.images)

    @property
    def title(self) -> str:
        """The name that stands beside every score."""
        return self.name

    @property
    def precomputed(self) -> bool:
        """Whether the images are features already."""
        return isinstance(self.images, np.ndarray) and self.images.ndim == 2

    def captions_of(self, rows: np.ndarray) -> np.ndarray:
        """The captions, as ascending positions, of the images ``rows``."""
        return np.flatnonzero(np.isin(self.image_of, rows))

    def image_name(self, row: int) -> str:
        """What to call image ``row``: its path, or the set's name and the row."""
        return f"{self.name}[{row}]" if isinstance(self.images, np.ndarray) else str(self.images[row])

    def as_images(self) -> ImageSet:
        """The images alone, without labels, all of them queries and gallery: to be extracted from."""
        rows = np.arange(len(self))
        labels = np.zeros(len(self), np.int64)
        return ImageSet(self.name, self.images, labels, ("image",), rows[:0], rows, rows, size=self.size)

    def check(self, *, per_image: int | None = 5) -> "CaptionSet":
        """Itself, where parts share no image and every image of a part has ``per_image`` captions, none of them empty.

        per_image : None for any number from 1. Raises InputError naming the image otherwise.
        """
        if len(self.image_of) != len(self.captions):
            raise InputError(
                f"dataset {self.name}: {len(self.captions)} captions, but {len(self.image_of)} images of them"
            )
        self._check_rows()
        for position, caption in enumerate(self.captions):
            if not caption.strip():
                image = self.image_name(int(self.image_of[position]))
                raise InputError(f"dataset {self.name}: {image} has an empty caption; write one, or take the image out")
            if "\0" in caption:  # which HDF5 cannot hold
                image = self.image_name(int(self.image_of[position]))
                raise InputError(f"dataset {self.name}: {image} has a caption with a NUL character; take it out")
        counts = np.bincount(self.image_of, minlength=len(self))
        seen = np.zeros(len(self), np.int64)
        for part in PARTS:
            rows = getattr(self, part)
            np.add.at(seen, rows, 1)
            odd = rows[counts[rows] != per_image] if per_image else rows[counts[rows] == 0]
            if len(odd):
                wanted = f"{per_image} captions" if per_image else "a caption"
                has = f"{self.image_name(int(odd[0]))} has {counts[odd[0]]} caption(s)"
                raise InputError(
                    f"dataset {self.name}: {has}, and {wanted} are wanted ({len(odd)} such image(s) in its {part} part)"
                )
        if (seen > 1).any():
            twice = self.image_name(int(np.argmax(seen > 1)))
            raise InputError(f"dataset {self.name}: {twice} is in two parts, or twice in one; list every image once")
        return self

    def _check_rows(self) -> None:
        """Raises InputError where a part or ``image_of`` names no image, or ``image_of`` does not ascend."""
        for part in (*PARTS, "image_of"):
            rows = getattr(self, part)
            if len(rows) and not (rows.min() >= 0 and rows.max() < len(self)):
                raise InputError(
                    f"dataset {self.name}: {part} names images that are not there (rows up to {rows.max()})"
                )
        if (np.diff(self.image_of) < 0).any():
            raise InputError(f"dataset {self.name}: captions must stand in the order of their images")

    def require(self, *parts: str) -> "CaptionSet":
        """Itself, where none of ``parts`` is empty; raises InputError otherwise."""
        for part in parts:
            if not len(getattr(self, part)):
                raise InputError(f"dataset {self.name}: its {part} part is empty; name a set that has one")
        return self

    def fingerprint(self) -> str:
        """A short hash of images (bytes of arrays, names of files), captions and split, to tell two sets apart."""
        digest = hashlib.sha256(self.name.encode())
        if isinstance(self.images, np.ndarray):
            digest.update(np.ascontiguousarray(self.images))
        else:
            digest.update("\n".join(map(str, self.images)).encode("utf-8", "surrogateescape"))
        digest.update("\n".join(self.captions).encode("utf-8", "surrogateescape"))
        for array in (self.image_of, self.train, self.dev, self.test):
            digest.update(np.ascontiguousarray(array))
        return digest.hexdigest()[:16]
