"""deep100m: deep1b's first hundred million rows, with their official neighbors."""

from pathlib import Path

from datasets.vectors import deep1b
from datasets.vectors.base import VectorSet


def load(root: Path) -> VectorSet:
    """The set, mapped from ``root/deep1b``; downloaded where it is not there, 38 GB. See deep1b."""
    return deep1b.load_prefix("deep100m", Path(root))
