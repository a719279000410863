"""What is asked: the filters that the flags name, over attributes from files and those that a set brings along."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ann_bench.filters import made
from datasets.attributes import filter as filters
from datasets.attributes import reading, words
from datasets.attributes.filter import Filter
from datasets.attributes.table import Attributes
from datasets.errors import InputError
from datasets.files import yaml_file
from datasets.stored import from_file
from datasets.vectors.base import VectorSet


def attributes(files: str, query_files: str, vector_set: VectorSet) -> tuple[Attributes, Attributes | None]:
    """Of the gallery and of the queries, those of the files and, besides, the set's own labels and cameras.

    Files with a column ``id`` are put into the order of a gallery whose rows have ids (``from_file.ids_of``), others
    must be in it. Queries that are gallery rows have the attributes of these, where no file says otherwise. Raises
    InputError where there are more or fewer rows than vectors.
    """
    rows, queries = len(vector_set.gallery), len(vector_set.queries)
    cut = vector_set.attrs.get("rows_before_cut"), vector_set.attrs.get("queries_before_cut")
    ids = from_file.ids_of(vector_set) if files else None
    gallery = _fitting(reading.read(files, ids=ids), "--attributes", files, rows, cut[0], "gallery")
    own = vector_set.own_rows
    asking = None
    if query_files:
        found = reading.read(query_files, flag="--query-attributes", like=gallery)
        asking = _fitting(found, "--query-attributes", query_files, queries, cut[1], "queries")
    elif (own >= 0).all():
        asking = gallery.take(own)
    labels = _of_set(vector_set, "gallery"), _of_set(vector_set, "query")
    gallery = replace(gallery, columns={**labels[0], **gallery.columns})
    if asking or labels[1]:
        asking = asking or Attributes()
        asking = replace(asking, columns={**labels[1], **asking.columns})
    return gallery, asking


def _fitting(found: Attributes, flag: str, files: str, count: int, before: object, part: str) -> Attributes:
    """The attributes of the first ``count`` rows, where the set was cut to these; raises InputError for other sizes."""
    if not files or len(found) == count:
        return found
    if len(found) == before:
        return found.rows(0, count)
    rows = f"the {part} {count:,} rows" if part == "gallery" else f"there are {count:,} queries"
    raise InputError(f"{flag}={files}: has {len(found):,} rows, {rows}; a row is one vector in both, in the same order")


def _of_set(vector_set: VectorSet, part: str) -> dict[str, np.ndarray]:
    """The labels and cameras that a set knows itself, as columns "label" and "camera"."""
    labels, cameras = getattr(vector_set, f"{part}_labels"), getattr(vector_set, f"{part}_cameras")
    columns = {}
    if labels is not None and labels.ndim == 1:
        names = vector_set.class_names
        columns["label"] = np.array(names)[labels] if names else labels
    return columns | ({"camera": cameras} if cameras is not None else {})


def read(
    text: str, gallery: Attributes, queries: Attributes | None, vector_set: VectorSet, seed: int
) -> tuple[Attributes, list[Filter]]:
    """The filters of --filter, a text or a YAML file of names and texts; the attributes with those that are made."""
    named = _of_file(text) if text.strip().lower().endswith((".yaml", ".yml")) else words.several(text)
    if not named:
        raise InputError('--filter: say what must hold, --filter="year<2008", or --filter=made:0.1 for a random tenth')
    found, columns = [], dict(gallery.columns)
    for name, body in named:
        if name in made.KINDS:
            column, values = made.column(name, vector_set, seed)
            columns[column] = values
            found += made.filters(name, made.shares(name, body), vector_set, seed)
        else:
            found.append(filters.read(name, body, gallery, queries, len(vector_set.queries)))
    names = [one.name for one in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"--filter: two filters are called '{twice[0]}'; give each a name of its own")
    return replace(gallery, columns=columns), found


def _of_file(text: str) -> list[tuple[str, str]]:
    wanted = 'names to filters, like old: "year<2008"'
    content = yaml_file.mapping(Path(text), where=f"--filter={text}", wanted=wanted)
    return [(str(name), str(body)) for name, body in content.items()]
