"""One's own vectors: a vectors file or one of ann-benchmarks, a folder of parquet, or files of gallery and queries."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.stored import formats, parquet, parquet_folder, text_rows, vectors_file
from datasets.vectors import metric_names, rows
from datasets.vectors.base import VectorSet

QUERIES = 1000  # rows of the gallery that ask where there is no file of queries

SUFFIXES = (*formats.SUFFIXES, ".h5", ".hdf5", parquet.SUFFIX, *text_rows.SUFFIXES)

_HDF5 = (".h5", ".hdf5")
_PLACE = "ids_in"  # of attrs: the file or folder that says which ids the gallery's rows have
_LONGEST = 100  # characters of a name


def load(
    path: str | Path, *, queries: str | Path | None = None, truth: str | Path | None = None, metric: str | None = None
) -> VectorSet:
    """The vectors of ``path``: HDF5, or the folder of a run that holds vectors.h5, or a gallery: a file of ``formats``,
    parquet or text, or a folder of parquet.

    queries : another such file. Without one, 1,000 random gallery rows ask, the same ones always, and do not find
        themselves
    truth : the true neighbors of ``queries``, as ``formats.read_truth`` reads them, or parquet, which names ids
    metric : by any name that ``metric_names`` knows, euclidean where nobody says; hamming takes uint8 as packed codes,
        all others as numbers. HDF5 says its own; naming another one forgets the neighbors. The name tells
        a metric that is not the file's own, or euclidean

    Files of formats are mapped into memory, but for .npy of other floats than float32, which are converted whole;
    of large parquet and text a mapped copy is made once (``converted``). Raises InputError naming the file.
    """
    metric = metric_names.ours(metric) if metric is not None else None
    path = Path(path)
    if holds_queries(path):
        for name, value in (("queries", queries), ("truth", truth)):
            if value is not None:
                raise InputError(f"--{name}={value}: {path} holds its own; leave the flag out")
        if parquet_folder.is_one(path):
            return _of_folder(path, metric or "euclidean")
        found = vectors_file.load(vectors_file.file_of(path))
        return with_metric(replace(found, name=_name(found.name)), metric)
    return _of_gallery(path, queries, truth, metric or "euclidean")


def _of_gallery(path: Path, queries: str | Path | None, truth: str | Path | None, metric: str) -> VectorSet:
    """The gallery of a file or a folder, and who asks."""
    gallery, name = rows_of(path), _named(path, metric)
    try:
        if queries is None:
            if truth is not None:
                raise InputError(f"--truth={truth}: name the file of the queries as well, by --queries")
            asking = rows.sample_ids(len(gallery), QUERIES, seed=0)
            return VectorSet(
                name, metric, gallery, rows.take(gallery, asking), query_rows=asking, attrs=_with_place(path)
            )
        asked = rows_of(Path(queries))
        if asked.shape[1] != gallery.shape[1]:
            raise InputError(f"{queries}: has {asked.shape[1]} dimensions, the gallery {path} {gallery.shape[1]}")
        found = VectorSet(name, metric, gallery, asked, attrs=_with_place(path))
    except ValueError as error:
        raise InputError(f"{path}: {error}") from error
    return found if truth is None else _with_ids(found, Path(truth), path)


def _of_folder(folder: Path, metric: str) -> VectorSet:
    """A folder of parquet with its own queries, and its neighbors where it has any."""
    try:
        gallery, queries = rows_of(folder), parquet_folder.queries(folder)
        found = VectorSet(_named(folder, metric), metric, gallery, queries, attrs=_with_place(folder))
        return replace(found, neighbors=parquet_folder.neighbors(folder))
    except ValueError as error:
        raise InputError(f"{folder}: {error}") from error


def holds_queries(path: Path) -> bool:
    """Whether a file, or a folder, says who asks, as HDF5 does; elsewhere ``queries`` may say so."""
    if parquet_folder.is_one(path):
        return (path / parquet_folder.TEST).is_file()
    return vectors_file.file_of(path).suffix.lower() in _HDF5


def _named(path: Path, metric: str) -> str:
    name = path.resolve().name if path.is_dir() else path.stem
    return _name(name) + ("" if metric == "euclidean" else f"-{metric}")


def with_metric(vector_set: VectorSet, metric: str | None) -> VectorSet:
    """The set under another metric and a name that tells it ("birds-angular"), without its neighbors.

    The same set where the metric is its own, or none.
    """
    metric = metric_names.ours(metric) if metric else vector_set.metric
    if metric == vector_set.metric:
        return vector_set
    try:
        name = f"{vector_set.name}-{metric}"
        return replace(vector_set, name=name, metric=metric, neighbors=None, distances=None)
    except ValueError as error:
        raise InputError(f"--metric={metric}: vectors {vector_set.name}: {error}") from error


def _name(text: str) -> str:
    """A name out of a file as one folder can bear it: letters, digits, ".", "_" and "-", not hidden, not too long."""
    return re.sub(r"[^\w.-]+", "_", text).lstrip(".")[:_LONGEST] or "vectors"


def rows_of(path: Path) -> np.ndarray:
    """The rows of a file, or of a folder of parquet."""
    if path.is_dir():
        return parquet.vectors(parquet_folder.gallery_files(path))
    if path.suffix.lower() == parquet.SUFFIX:
        return parquet.vectors([path])
    if path.suffix.lower() in text_rows.SUFFIXES:
        return text_rows.vectors(path)
    vectors = formats.read(path)
    if vectors.dtype.kind == "f" and vectors.dtype != np.float32:
        return vectors.astype(np.float32)
    if vectors.dtype not in (np.float32, np.uint8, np.int8):
        known = "they are float32 (float64 and float16 are converted), uint8 or int8"
        raise InputError(f"{path}: holds {vectors.dtype}, which are no vectors; {known}; {formats.CONVERT}")
    return vectors


def ids_of(vector_set: VectorSet) -> np.ndarray | None:
    """The ids (G,) int64 of the gallery's rows, before it was cut, where parquet says them; else None."""
    place = vector_set.attrs.get(_PLACE)
    return parquet.ids_of(_with_their_ids(Path(str(place)))) if place else None


def _with_place(gallery: Path) -> dict[str, str]:
    return {_PLACE: str(gallery)} if _with_their_ids(gallery) else {}


def _with_ids(vector_set: VectorSet, truth: Path, gallery: Path) -> VectorSet:
    """The set with the neighbors of a file; its distances are computed anew when they are needed."""
    if truth.suffix.lower() == parquet.SUFFIX:
        neighbors = parquet.rows_of(_with_their_ids(gallery), parquet.neighbors(truth))
    else:
        neighbors, _ = formats.read_truth(truth)
    if len(neighbors) != len(vector_set.queries):
        raise InputError(f"{truth}: has neighbors of {len(neighbors)} queries, but there are {len(vector_set.queries)}")
    try:
        return replace(vector_set, neighbors=neighbors, attrs={**vector_set.attrs, "truth": str(truth)})
    except ValueError as error:
        raise InputError(f"{truth}: {error}; it belongs to other vectors") from error


def _with_their_ids(gallery: Path) -> list[Path]:
    """The files of a gallery that may say which ids its rows have."""
    if gallery.is_dir():
        return parquet_folder.gallery_files(gallery)
    return [gallery] if gallery.suffix.lower() == parquet.SUFFIX else []
