"""Names: the paths that lead to one and the same file, of which no one is a copy of another."""

import os
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from datasets.files import contents


def one_each(paths: Sequence[str]) -> np.ndarray:
    """(N,) the row of the name that each path's file goes by, the row itself where no other path leads to it.

    Links to a file or through a folder are names of what they lead to, as are hard links and a path that stands twice;
    the file goes by the first of them that leads through no link.
    """
    rows: dict[contents.Identity, list[int]] = defaultdict(list)
    for row, path in enumerate(paths):
        rows[contents.identity(path)].append(row)
    found = np.arange(len(paths))
    for same in rows.values():
        if len(same) > 1:
            found[same] = same[_plain([paths[row] for row in same])]
    return found


def _plain(names: Sequence[str]) -> int:
    """Which of several names of a file leads, from the folder that they share, through no link; 0 where none does."""
    full = [os.path.abspath(name) for name in names]
    shared = os.path.commonpath(full)
    real = os.path.realpath(shared)
    return next((at for at, name in enumerate(full) if os.path.realpath(name) == real + name[len(shared) :]), 0)
