"""What there is to choose from: the sets, the indexes, and what would be built of them by default."""

from dataclasses import dataclass

from ann_bench import grid, indexes
from ann_bench.amounts import in_bytes, read_count
from datasets import vectors
from datasets.vectors.base import METRICS


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """Show sets of vectors, indexes and their default builds."""

    count: str = "1M"
    """Gallery rows that the default builds are meant for."""
    dim: int = 128
    """Dimensions of the vectors; bits where --metric is hamming."""
    metric: str = "euclidean"
    """euclidean, inner_product, angular or hamming."""


def main(options: ListOptions) -> None:
    """Print everything."""
    print(f"sets       {', '.join(vectors.names())}")
    print(f"metrics    {', '.join(METRICS)}")
    for name in indexes.names():
        print(f"{name:10} {_abilities(name)}")
    size = {"count": read_count(options.count), "dim": options.dim, "metric": options.metric}
    print(f"\nbuilds by default for {size['count']:,} x {options.dim}, {options.metric}, with what they would take")
    for name, entry in grid.default(grid.select(""), **size):
        estimate = indexes.get(name).Index(entry.build, **size).estimate()
        search = " ".join(f"{name}={','.join(map(str, values))}" for name, values in entry.search.items())
        print(f"{name:12} {entry.build:34} {in_bytes(estimate.memory):>8}  {search}")


def _abilities(name: str) -> str:
    module = indexes.get(name)
    if not indexes.installed(name):
        return f"not installed: pip install -c constraints.txt -e '.[{module.EXTRA}]'"
    index = module.Index
    words = [", ".join(index.metrics)]
    words += ["in blocks"] if index.in_blocks else ["all rows at once"]
    words += ["saves"] if index.saves else []
    words += ["GPUs"] if index.on_gpus else []
    return "; ".join(words)
