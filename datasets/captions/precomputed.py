"""Precomputed features and their captions, in the layout of VSE++ (Faghri et al. 2018) and of SCAN.

For each of train, dev and test there is ``<part>_ims.npy``, the features, and ``<part>_caps.txt``, a caption a line,
five of an image one after the other.
"""

from pathlib import Path

import numpy as np

from datasets.captions.base import PARTS, CaptionSet
from datasets.errors import InputError
from datasets.lists import described
from datasets.lists.described import PER_IMAGE
from datasets.stored import formats

SUFFIX = "_precomp"  # of the folders that are handed around: f8k_precomp, f30k_precomp, coco_precomp
BLOCK = 2_000  # images that are read at once


def load(root: str | Path | None, *, inner: str = "", testall: bool = False) -> CaptionSet:
    """The features and captions in the folder ``root``, or in its folder ``inner``, by which the set is called.

    Without ``inner``, and where ``root`` has no such files, its one folder ``*_precomp`` is taken. The features have a
    row an image, or a row a caption (five equal ones an image), of which the first is kept; they are float32 (N, D).
    ``testall`` tests on ``testall_ims.npy``, which coco_precomp has: 5,000 images, where ``test`` has the first 1,000.

    Raises InputError naming the file, and the line or row that is wrong: of an empty caption, of features that are cut
    off or not finite, and of counts that do not fit.
    """
    folder = _folder(root, inner)
    files = {part: "testall" if part == "test" and testall else part for part in PARTS}
    captions, features = [], []
    for name in files.values():
        captions.append(_captions(folder / f"{name}_caps.txt"))
        features.append(_features(folder / f"{name}_ims.npy", folder / f"{name}_caps.txt", len(captions[-1])))
        if features[-1].shape[1] != features[0].shape[1]:
            raise InputError(
                f"{folder / name}_ims.npy: has features of {features[-1].shape[1]:,} numbers, where those of train have"
                f" {features[0].shape[1]:,}"
            )
    ends = np.cumsum([len(rows) for rows in features])
    name = folder.resolve().name
    return CaptionSet(
        name=f"{name} (testall)" if testall else name,
        images=np.concatenate(features),
        captions=tuple(caption for part in captions for caption in part),
        image_of=np.repeat(np.arange(ends[-1], dtype=np.int64), PER_IMAGE),
        **dict(zip(PARTS, np.split(np.arange(ends[-1]), ends[:-1]), strict=True)),
    ).check()


def _folder(root: str | Path | None, inner: str) -> Path:
    marker = "train_ims.npy"
    if root is None:
        raise InputError(f"dataset precomputed needs its folder: name the folder that holds {marker}")
    place = Path(root)
    if inner and not (place / inner / marker).exists() and place.name == inner:
        inner = ""  # root is that folder itself
    if inner or (place / marker).exists():
        return place / inner
    found = sorted(entry.parent for entry in place.glob(f"*{SUFFIX}/{marker}"))
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(folder.name for folder in found)
        raise InputError(f"{place} has several folders of precomputed features ({names}): name one of them")
    what = f"has no {marker}, nor a folder *{SUFFIX} with one" if place.is_dir() else "is not a folder"
    raise InputError(f"{place} {what}: name the folder that holds {marker}")


def _captions(file: Path) -> list[str]:
    """The captions of ``file``, five an image."""
    captions = [line.strip() for line in described.lines(file)]
    for number, caption in enumerate(captions, start=1):
        if not caption:
            raise InputError(f"{file}, line {number}: the caption is empty; write one")
    if not captions or len(captions) % PER_IMAGE:
        raise InputError(f"{file}: has {len(captions):,} captions, which are not {PER_IMAGE} an image")
    return captions


def _features(file: Path, caption_file: Path, captions: int) -> np.ndarray:
    """(N, D) float32, a row an image, of ``captions`` captions; the file is never in memory as a whole."""
    rows = formats.read(file)
    if rows.dtype.kind not in "fiu":
        raise InputError(f"{file}: features must be numbers, not {rows.dtype}")
    if len(rows) * PER_IMAGE == captions:
        step = 1
    elif len(rows) == captions:
        step = PER_IMAGE
    else:
        raise InputError(
            f"{file}: has {len(rows):,} rows, where {caption_file.name} has {captions:,} captions:"
            f" neither a row an image, of {PER_IMAGE} captions, nor a row a caption"
        )
    features = np.empty((captions // PER_IMAGE, rows.shape[1]), np.float32)
    for start in range(0, len(features), BLOCK):
        block = np.asarray(rows[start * step : (start + BLOCK) * step], np.float32)
        features[start : start + BLOCK] = _first_of(block, step, file, start)
    return features


def _first_of(block: np.ndarray, step: int, file: Path, start: int) -> np.ndarray:
    """The first of every ``step`` rows, where they are equal and finite; ``start`` is the image of the first."""
    groups = block.reshape(-1, step, block.shape[1])
    infinite = ~np.isfinite(groups).all(axis=(1, 2))
    if infinite.any():
        raise InputError(f"{file}: the features of image {start + int(infinite.argmax())} are not all finite numbers")
    different = (groups != groups[:, :1]).any(axis=(1, 2))
    if different.any():
        image = start + int(different.argmax())
        raise InputError(
            f"{file}: has a row a caption, but rows {image * step} to {image * step + step - 1} are not equal, as those"
            f" of one image are"
        )
    return groups[:, 0]
