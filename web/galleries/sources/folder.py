"""Folder: the pictures of a folder or of an archive, at any depth; the class of each is the folder that it is in."""

import os
import posixpath

from datasets.files import packed
from datasets.files.tree import PassedOver
from datasets.images.pixels import Unreadable
from datasets.lists import pictures
from web.galleries.sources.base import LONGEST, Entry, Given, kept, named


class Folder:
    """A Source; links that lead out of the folder are passed over, and never followed."""

    def __init__(self, root: str) -> None:
        self._archive = packed.split(root) is not None
        self._root = root if self._archive else os.path.realpath(root)
        self._inside: dict[str, bool] = {}
        self.passed = PassedOver()

    def entries(self) -> list[Entry]:
        """In alphabetical order."""
        return [
            Entry(kept(path), kept(posixpath.dirname(path))[:200])
            for path in pictures.under(self._root, self.passed)
            if self._may(path)
        ]

    def place(self, path: str) -> str:
        """Its real one."""
        place = os.path.join(self._root, named(path))
        if self._archive:
            return place
        real = os.path.realpath(place)
        if not real.startswith(os.path.join(self._root, "")):
            raise Unreadable(path, "leads out of its gallery's folder")
        return real

    def vectors(self) -> Given | None:
        """None."""
        return None

    def _may(self, path: str) -> bool:
        if len(kept(path).encode()) > LONGEST:
            self.passed.add(f"files with a path of more than {LONGEST:,} bytes", kept(path)[:40])
        elif not self._archive and not self._is_inside(path):
            self.passed.add("links out of the folder", kept(path))
        else:
            return True
        return False

    def _is_inside(self, path: str) -> bool:
        """Whether a file is really in the folder; of folders that are no links it is asked once."""
        parent = os.path.dirname(path)
        if parent not in self._inside:
            self._inside[parent] = self._really(os.path.join(self._root, parent))
        place = os.path.join(self._root, path)
        return self._really(place) if os.path.islink(place) else self._inside[parent]

    def _really(self, place: str) -> bool:
        return os.path.join(os.path.realpath(place), "").startswith(os.path.join(self._root, ""))
