"""Seen: on which pictures of its gallery the network of a version was trained, so that it is not judged on them."""

import os
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.sources import image_source
from web.galleries.models import Version
from web.grow import runs
from web.grow.models import Training


def trained_on(version: Version) -> np.ndarray | None:
    """The pictures, ids (n,) int64, rising; None where nobody knows.

    Of a training of this page they were written down; of another run the set that it was begun with is looked at, where
    that is of files; pretrained weights and ONNX files come from elsewhere, and have not seen them or nobody knows.
    """
    spec = version.spec
    if spec.kind == "trunk":
        return np.empty(0, np.int64)
    if spec.kind != "run":
        return None
    training = next((each for each in version.gallery.trainings.all() if str(each.run) == spec.path), None)
    if training is not None:
        return trained_by(training)
    paths = _paths(Path(spec.path))
    if paths is None:
        return None
    there = version.gallery.pictures.values_list("pk", "path")
    source = Path(version.gallery.source)
    return np.sort([number for number, path in there if os.path.realpath(source / path) in paths]).astype(np.int64)


def trained_by(training: Training) -> np.ndarray | None:
    """The pictures that a training of this page trains on, None where the file is gone."""
    try:
        return np.sort(np.load(training.seen))
    except (OSError, ValueError):
        return None


def _paths(run: Path) -> set[str] | None:
    """Where the pictures stand that a run was trained on; None where its set is not of files, or is gone."""
    try:
        known = runs.options(run)
        if known.get("data") not in image_source.OWN or not known.get("data_path"):
            return None
        images = image_source.load(str(known["data"]), Path(str(known["data_path"])), boxes=bool(known.get("boxes")))
    except InputError:
        return None
    return {os.path.realpath(images.image_name(int(row))) for row in images.train}
