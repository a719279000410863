"""Sets of pairs as the authors of deep cross-modal hashing released theirs: pictures, tags and labels in .mat files.

One file has the arrays images, YAll and LAll (MATLAB 7.3); or three files have IAll, YAll and LAll, of which that of
the pictures is of MATLAB 7.3, and the others may be of MATLAB 5. Pictures stay in their file, and are read one by one.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np
from scipy import sparse
from scipy.io import loadmat

from datasets.decoding import stacked
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.pairs.base import PairSet


def load(
    root: str | Path | None,
    *,
    name: str,
    whole: Sequence[str],
    parts: str,
    title: str,
    counts: Mapping[str, int],
) -> PairSet:
    """The set ``name`` in the folder ``root``, or in ``root/name``.

    whole : what the one file may be called; parts : how the names of three begin, such as nus-wide-tc21
    counts : of query, train and gallery, as published: the first pairs ask, those behind them train, and all but those
        that ask are the gallery, as in the authors' code

    Raises InputError naming the file, and where there are other numbers of pairs.
    """
    pictures, tags, labels = _files(root, name, whole, parts, title)
    paths = stacked.paths(*pictures)
    words, shown = _matrix(*tags), _matrix(*labels)
    for (file, array), rows in ((tags, words), (labels, shown)):
        if len(rows) != len(paths):
            what = f"{array} has {len(rows):,} rows, and {pictures[0]} {len(paths):,} pictures"
            raise InputError(f"{file}: {what}: they are not of one set")
    asking, training = counts["query"], counts["train"]
    described = ImageSet(
        name=name,
        images=paths,
        labels=shown > 0,
        class_names=tuple(map(str, range(shown.shape[1]))),
        train=np.arange(asking, min(asking + training, len(paths))),
        query=np.arange(min(asking, len(paths))),
        gallery=np.arange(asking, len(paths)),
    )
    found = PairSet(described, words.astype(np.float32)).check()
    return found.check_counts(dict(counts), place=Path(pictures[0]).parent, title=title)


def _files(root: str | Path | None, name: str, whole: Sequence[str], parts: str, title: str) -> list[tuple[str, str]]:
    """File and array of pictures, tags and labels."""
    wanted = f"{whole[0]}, or {parts}-iall.mat, {parts}-yall.mat and {parts}-lall.mat"
    if root is None:
        raise InputError(f"dataset {name} needs its folder: name the folder that holds {wanted}, of DCMH's authors")
    for folder in (Path(root), Path(root) / name):
        if one := next((folder / file for file in whole if (folder / file).is_file()), None):
            return [(str(one), array) for array in ("images", "YAll", "LAll")]
        found = {array: _part(folder, f"{parts}-{array.lower()}.mat", array) for array in ("IAll", "YAll", "LAll")}
        if any(file.is_file() for file in found.values()):
            if missing := [file for file in found.values() if not file.is_file()]:
                raise InputError(f"{missing[0]} is missing: pictures, tags and labels of {title} are in three files")
            return [(str(file), array) for array, file in found.items()]
    raise InputError(f"{root} has no {wanted}: name the folder that holds them, as DCMH's authors released {title}")


def _part(folder: Path, file: str, inner: str) -> Path:
    """One of the three files: where it is, also in a folder of its own, or else where it should be."""
    return folder / inner / file if (folder / inner / file).is_file() else folder / file


def _matrix(file: str, array: str) -> np.ndarray:
    """The array (N, W) of a .mat file of either kind, a row a pair."""
    try:
        if h5py.is_hdf5(file):  # MATLAB 7.3, where the order of axes is turned round
            with h5py.File(file, "r") as opened:
                found = opened[array][:].T if array in opened else None
        else:
            found = loadmat(file, variable_names=[array]).get(array)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{file} cannot be read ({error}): fetch it again") from None
    found = found.toarray() if sparse.issparse(found) else found
    if found is None or found.ndim != 2 or found.dtype.kind not in "biuf":
        raise InputError(f"{file}: has no array {array} of numbers, a row a pair: it is another file")
    return found
