"""Vectors: a vectors file, whose rows are pictures; their files are shown where the paths in it lead to some."""

import hashlib
import os
from functools import cached_property
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files.tree import PassedOver
from datasets.images.pixels import Unreadable
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from web.galleries.sources.base import LONGEST, Entry, Given, kept, named


class Vectors:
    """A Source."""

    def __init__(self, file: str) -> None:
        self._file = Path(file)
        self.passed = PassedOver()

    @cached_property
    def _set(self) -> VectorSet:
        found = vectors_file.load(vectors_file.file_of(self._file))
        found.check_finite()
        return found

    def entries(self) -> list[Entry]:
        """A row each; one without a path is called by its number."""
        found: dict[str, Entry] = {}
        paths, labels, names = self._set.gallery_paths, self._set.gallery_labels, self._set.class_names
        for row, content in enumerate(self._contents):
            path = kept(paths[row]) if paths else f"row {row}"
            path = path if path and path not in found and len(path.encode()) <= LONGEST else f"row {row}"
            label = labels[row] if labels is not None and labels.ndim == 1 else None
            category = "" if label is None else str(names[label]) if names else str(label)
            found[path] = Entry(path.replace("\0", ""), kept(category)[:200], content)
        if not found:
            raise InputError(f"{self._file} has no vectors in its gallery ('train'): name another file")
        return list(found.values())

    @cached_property
    def _contents(self) -> list[str]:
        """Of each row the hash of its numbers."""
        return [hashlib.sha256(np.ascontiguousarray(row)).hexdigest() for row in self._set.gallery]

    def place(self, path: str) -> str:
        """As the file names it, from where this process works, or from the file's folder on."""
        name = named(path)
        for place in (name, os.path.join(self._file.parent, name)):
            if os.path.isfile(place):
                return os.path.realpath(place)
        raise Unreadable(path, "names no file that is there")

    def vectors(self) -> Given | None:
        """All of them."""
        found = self._set
        rows = {content: row for row, content in enumerate(self._contents)}
        attrs = dict(found.attrs)
        return Given(found.gallery, rows, str(attrs.get("network", "")), found.metric, attrs)
