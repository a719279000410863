"""What there is to choose from: the sets, the indexes, and what would be built of them by default."""

from dataclasses import dataclass

from ann_bench import indexes
from ann_bench.sweep import builds, grid
from ann_bench.units import in_bytes, read_count
from datasets import vectors
from datasets.errors import InputError
from datasets.stored import from_file
from datasets.vectors import metric_names


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Show sets of vectors, indexes and their default builds."""

    count: str = "1M"
    """Gallery rows that the default builds are meant for."""
    dim: int = 128
    """Dimensions of the vectors; bits where --metric is hamming."""
    metric: str = "euclidean"
    """euclidean (l2), inner_product (ip, dot), angular (cosine) or hamming."""


def main(options: ListOptions) -> None:
    """Print everything."""
    metric = metric_names.ours(options.metric)
    size = {"count": read_count(options.count), "dim": options.dim, "metric": metric}
    if options.dim < 1 or metric == "hamming" and options.dim % 8:
        raise InputError(f"--dim={options.dim}: must be at least 1, and whole bytes where --metric is hamming")
    print(f"{'sets':12} {', '.join(vectors.names())}; or any file of vectors: {' '.join(from_file.SUFFIXES)}")
    print(f"{'metrics':12} {metric_names.described()}")
    for name in indexes.names():
        print(f"{name:12} {_abilities(name)}")
    print(f"\nbuilds by default for {size['count']:,} x {options.dim}, {metric}, with what they would take")
    print(f"{'index':12} {'build':34} {'memory':>8} {'disk':>8}  search")
    for name, entry in grid.default(grid.select(""), **size):
        expected = builds.expected(indexes.get(name).Index(entry.build, **size))
        search = " ".join(f"{name}={','.join(map(str, values))}" for name, values in entry.search.items())
        print(f"{name:12} {entry.build:34} {in_bytes(expected.memory):>8} {in_bytes(expected.disk):>8}  {search}")


def _abilities(name: str) -> str:
    module = indexes.get(name)
    if lacking := indexes.missing(name):
        return lacking
    index = module.Index
    words = [", ".join(index.metrics), f"{' or '.join(index.dtypes)} rows"]
    words += ["in blocks"] if index.in_blocks else ["all rows at once"]
    words += ["saves"] if index.saves else []
    words += ["GPUs"] if index.on_gpus else []
    return "; ".join(words)
