"""A graph of SVS: what its build string says, how it is made and loaded, and answers that it fills up with zeros."""

import platform
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ann_bench.indexes import base
from ann_bench.indexes.base import Estimate
from datasets.errors import InputError, suggestion

# Rows are of unit length where metric is angular; as SVS calls them.
SPACES = {"euclidean": "L2", "angular": "MIP", "inner_product": "MIP"}
ALPHA = {"L2": 1.2, "MIP": 0.95}  # what SVS takes where it is told nothing
PARTS = ("parameters", "links", "rows")
PLAIN = {"f32": 32, "f16": 16}  # bits of a number of a row
LVQ = {"LVQ4": (4, 0), "LVQ8": (8, 0), "LVQ4x4": (4, 4), "LVQ4x8": (4, 8), "LVQ8x8": (8, 8)}  # and of what remains
LEANVEC = {"LeanVec4x8": (4, 8), "LeanVec8x8": (8, 8)}  # of a number of fewer dimensions, and of a row's
STORED = (*PLAIN, *LVQ, *LEANVEC)
DEFAULTS = {"degree": 32, "window": 128}
PADDING = 32  # bytes, at whose multiples compressed rows begin
COMPACTED = 1000  # rows at a time
LEAST_DEGREE = 4
WORK = 1000  # a candidate, as measured
LARGEST = 65_504  # that f16 holds
BLOCK = 1 << 30  # bytes that a graph which can change takes at once, for rows and for links


@dataclass(frozen=True)
class Build:
    """A build string: how rows are stored, most links a row, candidates for them, alpha.

    space : the metric, as SVS calls it
    lean : of how many dimensions the rows of a LeanVec are
    """

    stored: str
    degree: int
    window: int
    alpha: float
    space: str
    lean: int

    @staticmethod
    def read(build: str, metric: str, dim: int) -> "Build":
        """Raises InputError, naming the build string, where SVS has no such graph, or none on this processor."""
        stored, _, settings = build.replace(" ", "").partition(",")
        if stored not in STORED:
            hint = suggestion(stored, STORED)
            raise InputError(f"--build={build}: {hint}begin with {', '.join(STORED)}, like f32,degree=32,window=128")
        if stored not in PLAIN and not on_intel():
            raise InputError(f"--build={build}: SVS has {stored} only on processors by Intel; take f32 or f16")
        parts = settings.split(",")
        alphas = [part for part in parts if part.startswith("alpha=")]
        others = ",".join(part for part in parts if part not in alphas)
        known = DEFAULTS | ({"dims": max(1, dim // 2)} if stored in LEANVEC else {})
        read = base.read_settings(others, known, index=f"svs {stored}", whole=build)
        if read["degree"] < LEAST_DEGREE:
            raise InputError(f"--build={build}: degree must be at least {LEAST_DEGREE}")
        if read.get("dims", 1) > dim:
            raise InputError(f"--build={build}: dims must be at most {dim}, as many as the vectors have")
        space = SPACES[metric]
        alpha = _alpha(build, alphas[-1].partition("=")[2], space) if alphas else ALPHA[space]
        return Build(stored, read["degree"], read["window"], alpha, space, read.get("dims", dim))

    @property
    def far(self) -> float:
        """The distance of what is not there."""
        return np.inf if self.space == "L2" else -np.inf

    def estimate(self, dim: int, count: int, *, changing: bool) -> Estimate:
        """A row, and room for all of its links and their number; while it is built, the rows that it is given."""
        row, links = self._row(dim), 4 * (self.degree + 1)
        disk = count * (row + links) + 3 * 1024
        taken = sum(_blocks(count, size) for size in (row, links)) if changing else disk
        work = WORK * float(count * dim) * self.window
        return Estimate(memory=taken + count * 4 * dim, disk=disk, work=work)

    def _row(self, dim: int) -> int:
        """Bytes of a row."""
        if self.stored in PLAIN:
            return dim * PLAIN[self.stored] // 8
        first, second = (LVQ | LEANVEC)[self.stored]
        parts = [self.lean * first] + [dim * second] * (second > 0)
        return sum(-(-(bits // 8 + 8) // PADDING) * PADDING for bits in parts)  # with a row's own scale and offset

    def make(self, rows: np.ndarray, numbers: np.ndarray | None, threads: int) -> Any:
        """The graph of ``rows`` (N, D); one that can change where there are ``numbers`` (N,) of them.

        Raises InputError where f16 cannot hold a number of the rows.
        """
        import svs

        if self.stored == "f16" and np.abs(rows).max() > LARGEST:
            raise InputError(f"--build=f16: it holds numbers up to {LARGEST:,}, the rows have larger ones; take f32")

        chosen = svs.VamanaBuildParameters(alpha=self.alpha, graph_max_degree=self.degree, window_size=self.window)
        space = getattr(svs.DistanceType, self.space)
        if numbers is not None:
            return svs.DynamicVamana.build(chosen, rows, numbers, space, num_threads=threads)
        if self.stored in PLAIN:
            given = rows if self.stored == "f32" else rows.astype(np.float16)
            return svs.Vamana.build(chosen, given, space, num_threads=threads)
        with tempfile.TemporaryDirectory(prefix="ann_bench_svs_") as folder:
            file = str(Path(folder) / "rows.fvecs")
            svs.write_vecs(rows, file)
            loader = self._compressing(svs.VectorDataLoader(file, svs.DataType.float32))
            return svs.Vamana.build(chosen, loader, space, num_threads=threads)

    def _compressing(self, given: Any) -> Any:
        """What compresses rows while they are read."""
        import svs

        if self.stored in LVQ:
            first, second = LVQ[self.stored]
            return svs.LVQLoader(given, primary=first, residual=second, padding=PADDING)
        kinds = {4: svs.LeanVecKind.lvq4, 8: svs.LeanVecKind.lvq8}
        first, second = (kinds[bits] for bits in LEANVEC[self.stored])
        return svs.LeanVecLoader(
            given, leanvec_dims=self.lean, primary_kind=first, secondary_kind=second, alignment=PADDING
        )

    def load(self, path: Path, threads: int) -> Any:
        """The graph that was saved in the folder ``path``."""
        import svs

        parameters, links, rows = (str(path / part) for part in PARTS)
        if self.stored in PLAIN:
            loader = svs.VectorDataLoader(rows)
        elif self.stored in LVQ:
            loader = svs.LVQLoader(rows, padding=PADDING)
        else:
            loader = svs.LeanVecLoader(rows, alignment=PADDING)
        space = getattr(svs.DistanceType, self.space)
        return svs.Vamana(parameters, svs.GraphLoader(links), loader, space, num_threads=threads)

    def loading(self, path: Path) -> str:
        """Lines of Python that do the same with SVS alone, on one thread."""
        parameters, links, rows = (repr(str(path / part)) for part in PARTS)
        loader = f"svs.VectorDataLoader({rows})"
        if self.stored not in PLAIN:
            compressed = ("LVQLoader", "padding") if self.stored in LVQ else ("LeanVecLoader", "alignment")
            loader = f"svs.{compressed[0]}({rows}, {compressed[1]}={PADDING})"
        made = (
            f"svs.Vamana({parameters}, svs.GraphLoader({links}), loader, svs.DistanceType.{self.space}, num_threads=1)"
        )
        return f"import svs\nloader = {loader}\nindex = {made}"

    def forget_what_is_not_there(
        self, graph: Any, queries: np.ndarray, neighbors: np.ndarray, distances: np.ndarray
    ) -> None:
        """Where SVS found fewer than k, it fills up with its first row at the distance 0: put -1 there instead."""
        for row in np.flatnonzero(distances[:, -1] == 0):
            filling = (neighbors[row] == neighbors[row, -1]) & (distances[row] == 0)
            start = filling.size - int(np.argmin(np.append(filling[::-1], False)))
            itself = start == np.argmax(filling) and graph.get_distance(int(neighbors[row, -1]), queries[row]) == 0
            neighbors[row, start + itself :] = -1
            distances[row, start + itself :] = self.far


def on_intel() -> bool:
    """Whether the processor is Intel's; on others SVS ends the process where rows are to be compressed."""
    try:
        return "GenuineIntel" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return "GenuineIntel" in platform.processor()


def nothing(queries: int) -> tuple[np.ndarray, np.ndarray]:
    """The answer of an empty graph."""
    return np.empty((queries, 0), np.int64), np.empty((queries, 0), np.float32)


def _alpha(build: str, text: str, space: str) -> float:
    """Raises InputError for one that SVS does not take, or with which nearly all links are left out."""
    least, most = (1.0, 10.0) if space == "L2" else (0.1, 1.0)
    try:
        alpha = float(text)
    except ValueError:
        alpha = np.nan
    if not least <= alpha <= most:
        raise InputError(f"--build={build}: alpha must be a number from {least:g} to {most:g} with this metric")
    return alpha


def _blocks(count: int, size: int) -> int:
    """Bytes of as many whole blocks as ``count`` rows of ``size`` take; in a block as many as a power of two."""
    rows = 1 << max(0, (BLOCK // size).bit_length() - 1)
    return -(-count // rows) * rows * size
