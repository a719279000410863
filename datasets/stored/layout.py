"""The layout of a vectors file: HDF5 with the keys of ann-benchmarks, and ours besides."""

import os

# Field of VectorSet -> key in the file. Those of ann-benchmarks, then ours.
KEYS = {
    "gallery": "train",
    "queries": "test",
    "neighbors": "neighbors",
    "distances": "distances",
    "gallery_labels": "train_labels",
    "query_labels": "test_labels",
    "gallery_paths": "train_paths",
    "query_paths": "test_paths",
    "class_names": "class_names",
    "query_rows": "test_rows",
    "gallery_cameras": "train_cameras",
    "query_cameras": "test_cameras",
    "gallery_trained": "train_trained",
    "query_activations": "test_activations",
}
# Field of Pairs -> key; the rows are those of "train".
PAIRS = {"rows": "pairs", "same": "pairs_same", "folds": "pairs_folds"}
SAME = {  # in leave-one-out
    "queries": "gallery",
    "query_labels": "gallery_labels",
    "query_paths": "gallery_paths",
    "query_cameras": "gallery_cameras",
}
OWN_ATTRS = ("distance", "dimension", "type", "point_type", "name")  # all others are VectorSet.attrs


def reason(error: Exception) -> str:
    """One line; what HDF5 says of a full disk runs over several and ends in addresses."""
    number = getattr(error, "errno", None)
    return os.strerror(number) if number else " ".join(str(error).split())
