"""A built index on disk: its file or folder, and beside it the facts of its build, written last and removed first."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ann_bench.indexes.base import Index
from datasets.files.whole import beside


@dataclass(frozen=True)
class Saved:
    """An index at ``path``. It is there when its facts are: a kill at any moment leaves none, or a whole one."""

    path: Path

    @property
    def facts_path(self) -> Path:
        """The file beside the index."""
        return self.path.with_name(self.path.name + ".json")

    @property
    def exists(self) -> bool:
        """Whether the index is there, whole."""
        return self.facts_path.exists() and self.path.exists()

    @property
    def kept(self) -> bool:
        """Whether it is to stay when its points are measured."""
        return self.exists and bool(self.facts().get("keep"))

    def facts(self) -> dict[str, Any]:
        """What was noted of the build: build_seconds, index_bytes, build_peak_bytes, build_threads ..."""
        return json.loads(self.facts_path.read_text())

    def write(self, index: Index, facts: Mapping[str, Any]) -> None:
        """Save ``index`` and the facts of its build, in place of what is there."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        index.save(self.cleared_part())
        self.finish(facts)

    def keep(self) -> None:
        """From now on it is to stay when its points are measured."""
        facts = self.facts() | {"keep": True}
        with beside(self.facts_path) as note:
            note.write_text(json.dumps(facts, indent=1))

    def cleared_part(self) -> Path:
        """Where a new index is written first; nothing is there, and no index at ``path``."""
        self.remove()
        return self._part

    def finish(self, facts: Mapping[str, Any]) -> None:
        """Move what was written in place, and note the facts and its size."""
        written = dict(facts) | {"index_bytes": _bytes_of(self._part)}
        os.replace(self._part, self.path)
        with beside(self.facts_path) as note:
            note.write_text(json.dumps(written, indent=1))

    def remove(self) -> None:
        """Whatever there is of it."""
        for path in (self.facts_path, self._part, self.path):
            if path.is_dir():
                shutil.rmtree(path)
            path.unlink(missing_ok=True)

    @property
    def _part(self) -> Path:
        return self.path.with_name(self.path.name + ".part")


def _bytes_of(path: Path) -> int:
    """Of a file, or of everything in a folder."""
    return sum(file.stat().st_size for file in path.rglob("*")) if path.is_dir() else path.stat().st_size
