"""Shown: which of the measured points a view is of."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from ann_bench import tracks
from ann_bench.results import points, unfinished
from datasets.errors import InputError, unknown
from datasets.sources.vector_source import Source
from datasets.stored import from_file
from datasets.vectors.base import VectorSet


@dataclass(frozen=True, kw_only=True)
class Shown:
    """Points of one dataset and one number of neighbors."""

    out: Path = Path("results")
    """The results folder of `run`."""
    data: str = ""
    """The dataset, or the file or run folder that it is in; needed where the folder holds several."""
    k: int = 0
    """How many neighbors were asked for; needed where the folder holds several."""
    mode: str = ""
    """single or batch; both by default."""
    track: str = ""
    """Points of this way of asking: filter, stream, range, foreign or clients; the k nearest of all by default."""
    case: str = ""
    """Only what was asked under this name, as the table has it: "within 307.456"; all by default."""

    @property
    def folder(self) -> Path:
        """Where the points of the track are."""
        if self.track:
            tracks.get(self.track)
        return self.out / self.track

    def load(self) -> points.Measured:
        """The points, and what failed; a line says where the sweep is not finished.

        Raises InputError where there are none, several sets to choose from, or other vectors than in the file named.
        """
        self._check_track()
        vectors = Source(data=self.file).load() if self.file else None
        if vectors is None:
            found = points.load(self.folder, data=self.data, k=self.k, mode=self.mode)
        else:
            named = {"data": vectors.name, "asked": self.data, "fingerprint": vectors.fingerprint()}
            found = points.load(self.folder, **named, k=self.k, mode=self.mode)
            self._check_same(vectors, found)
        if self.track:
            found = self._of_case(replace(found, rows=tracks.get(self.track).Track.related(found.rows)))
        if words := unfinished.words(self.folder / found.data / str(found.k)):
            logging.info(words)
        return found

    def _check_track(self) -> None:
        """Raises InputError where there are results, but only of tracks, and none is named; or of another one."""
        there = [name for name in tracks.names() if any((self.out / name).glob("*/*/*/*.hdf5"))]
        if there and self.track not in there and not any(self.folder.glob("*/*/*/*.hdf5")):
            known = " or ".join(f"--track={name}" for name in there)
            raise InputError(f"--out={self.out}: there are only results of tracks; show them by {known}")

    def _of_case(self, found: points.Measured) -> points.Measured:
        cases = points.by_case(found.rows)
        if not self.case:
            return found
        if self.case not in cases:
            raise unknown("case", self.case, cases)
        return replace(found, rows=cases[self.case])

    @property
    def file(self) -> str:
        """The file or folder of the vectors, where it is that which --data names, not the set."""
        return "" if (self.folder / self.data).is_dir() or not Path(self.data).exists() else self.data

    def _check_same(self, vectors: VectorSet, found: points.Measured) -> None:
        """Raises InputError where the points are of other vectors of that name than those in the file."""
        row = found.rows[0]
        if row["fingerprint"] == vectors.fingerprint():
            return
        mend = f"python -m ann_bench run --data={self.data} measures these, --data={found.data} shows those"
        if from_file.holds_queries(Path(self.data)) or (row["gallery"], row["dimension"]) != (
            len(vectors.gallery),
            vectors.dim,
        ):
            size = f"{row['gallery']:,} of {row['dimension']} dimensions"
            raise InputError(f"--data={self.data}: the {found.data} in {self.out} are other vectors ({size}); {mend}")
        logging.warning(
            "the %s in %s are other vectors than those in %s, or have queries of another file; %s",
            found.data, self.out, self.data, mend,
        )  # fmt: skip
