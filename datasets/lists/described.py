"""Described images: what a set's own files say of an image, and how many of these become a CaptionSet."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.captions.base import PARTS, CaptionSet
from datasets.errors import InputError
from datasets.lists import reading

PER_IMAGE = 5  # captions of an image, in every published protocol
Counts = dict[str, int]  # a part -> its images


@dataclass(frozen=True)
class Described:
    """An image by its path with its captions, its part ("" for none), and ``where`` in which file that is said."""

    path: str
    captions: Sequence[str]
    part: str
    where: str


def lines(file: Path) -> list[str]:
    """The lines of a UTF-8 text file as they are, without their ends.

    Only line feeds end a line, not the other marks at which Python parts text: a caption may hold them. Raises
    InputError naming the file where it is missing, and its line where it is no UTF-8.
    """
    try:
        content = file.read_bytes().removeprefix(b"\xef\xbb\xbf")
        found = content.decode("utf-8").split("\n")
    except FileNotFoundError:
        raise InputError(f"{file} is missing: unpack the data set again") from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        number = 1 + content[: error.start].count(b"\n")
        raise InputError(f"{file}, line {number}: is no UTF-8 text; save the file as UTF-8") from None
    return [line.removesuffix("\r") for line in (found if found[-1] else found[:-1])]


def folder_of(place: Path, names: Sequence[str], *, what: str = "images") -> Path:
    """The first folder of ``place`` that is called so; raises InputError where there is none."""
    found = next((place / name for name in names if (place / name).is_dir()), None)
    if found is None:
        raise InputError(f"{place} has no folder {' or '.join(names)}: unpack the {what} there")
    return found


def as_set(
    name: str,
    described: Sequence[Described],
    *,
    counts: Counts,
    place: Path,
    title: str,
    per_image: int | None = PER_IMAGE,
) -> CaptionSet:
    """The set of these images, the first ``per_image`` captions of each one, or None for all.

    counts : images of each part that the published set ``title`` has, where they are known; ``place`` is where it is.
    Raises InputError naming file and line: of an image that is missing, or described twice, or has fewer than five
    captions, or an empty one; or naming ``place`` where a part has another number of images.
    """
    for image in described:
        _check_captions(image, per_image)
    _check_once(described)
    _check_present(described)
    taken = [image.captions[:per_image] for image in described]
    parts = np.array([image.part for image in described])
    caption_set = CaptionSet(
        name=name,
        images=[image.path for image in described],
        captions=tuple(caption.strip() for captions in taken for caption in captions),
        image_of=np.repeat(np.arange(len(described), dtype=np.int64), [len(captions) for captions in taken]),
        **{part: np.flatnonzero(parts == part) for part in PARTS},
    ).check(per_image=per_image)
    check_counts(caption_set, counts, place=place, title=title)
    return caption_set


def check_counts(caption_set: CaptionSet, counts: Counts, *, place: Path, title: str) -> None:
    """Raises InputError naming ``place`` where a part has another number of images than the published set ``title``."""
    for part, expected in counts.items():
        found = len(getattr(caption_set, part))
        if found != expected:
            raise InputError(
                f"{place}: has {found:,} images in its {part} part, where {title} has {expected:,}: unpack the set"
                f" again, or it is another one"
            )


def _check_captions(image: Described, per_image: int | None) -> None:
    if len(image.captions) < (per_image or 1):
        raise InputError(
            f"{image.where}: image {image.path} has {len(image.captions)} caption(s), and {per_image or 1} are wanted"
        )
    for number, caption in enumerate(image.captions[:per_image]):
        if not caption.strip():
            raise InputError(f"{image.where}: image {image.path} has an empty caption (number {number}); write one")
        if not _is_text(caption):
            raise InputError(f"{image.where}: image {image.path} has a caption (number {number}) that is no valid text")


def _is_text(caption: str) -> bool:
    """Whether it can be written as UTF-8, which half a character, as JSON may spell it, cannot."""
    try:
        return caption.isascii() or bool(caption.encode("utf-8"))
    except UnicodeEncodeError:
        return False


def _check_once(described: Sequence[Described]) -> None:
    seen: dict[str, str] = {}
    for image in described:
        if image.path in seen:
            raise InputError(f"{image.where}: image {image.path} is in {seen[image.path]} already; remove one of them")
        seen[image.path] = image.where


def _check_present(described: Sequence[Described]) -> None:
    """Every folder is looked into once."""
    parents = {os.path.dirname(image.path) for image in described}
    found = {parent: reading.entries(parent) for parent in parents}
    missing = [image for image in described if os.path.basename(image.path) not in found[os.path.dirname(image.path)]]
    if missing:
        raise InputError(
            f"{missing[0].where}: image {missing[0].path} is missing, {len(missing):,} of {len(described):,} described"
            f" are not there: put them there, or take their captions out"
        )
