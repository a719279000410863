"""flat: every row of the gallery compared with every query, by Faiss; exact, and what all others are held against."""

from typing import ClassVar

from ann_bench.indexes import faiss_float
from ann_bench.indexes.base import Grid
from datasets.errors import InputError


class Flat(faiss_float.FaissFloat):
    """Exact search. The build string is "Flat", or empty; there is nothing to tune."""

    metrics: ClassVar[tuple[str, ...]] = ("euclidean", "inner_product", "angular")

    def __init__(self, build: str, **given: object) -> None:
        if build not in ("", "Flat"):
            raise InputError(f"--build={build}: flat has nothing to choose; leave --build out, or ask faiss_float")
        super().__init__("Flat", **given)


def grids(count: int, dim: int, metric: str) -> list[Grid]:
    """The one way to build it."""
    return [Grid("Flat")]


Index = Flat
