"""Point: what is measured, and where its result belongs."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ann_bench.indexes.base import Value

MODES = ("single", "batch")  # one query a call on one thread; all queries in one call on so many threads


def recall_name(k: int) -> str:
    """What the score is called that fronts and targets go by; k is 0 where all rows within a radius are asked for."""
    return f"k-recall@{k}" if k else "recall of pairs"


@dataclass(frozen=True)
class Point:
    """What is measured: an index built and tuned in one way, searching one set in one mode.

    data, fingerprint : the set's name, and the hash that tells it from others of that name
    device : GPUs or the address of a server, "" for the processor
    truth : tells the true neighbors that were given as a file from others; "" where they are the set's own or computed
    track, case, asked : the way of asking, what was asked, and a mark of its content; "" is the k nearest of the set
    way : how the index was asked, where the track has several ways; "" where it has one
    """

    data: str
    fingerprint: str
    metric: str
    k: int
    index: str
    build: str
    search: Mapping[str, Value]
    mode: str
    threads: int
    seed: int = 0
    device: str = ""
    truth: str = ""
    track: str = ""
    case: str = ""
    asked: str = ""
    way: str = ""

    @property
    def title(self) -> str:
        """ "IVF1024,Flat nprobe=8" """
        return " ".join([self.build or self.index, *(f"{name}={value}" for name, value in self.search.items())])

    def path(self, folder: Path) -> Path:
        """Where its result belongs."""
        words = [self.build, *(f"{name}_{value}" for name, value in sorted(self.search.items()))]
        words += [f"threads_{self.threads}"] if self.mode == "batch" else []
        words += [word for word in (self.case, self.way) if word]
        slug = re.sub(r"\W+", "_", "_".join(words)).strip("_")
        which = [self.fingerprint, self.build, dict(self.search), self.seed, self.device]
        which += [self.truth] if self.truth else []  # so that older results keep their places
        which += [self.case, self.asked] if self.track else []
        which += [self.way] if self.way else []
        mark = hashlib.sha256(json.dumps(which, sort_keys=True).encode()).hexdigest()[:8]
        group = self.index + ("-batch" if self.mode == "batch" else "")
        return folder / self.track / self.data / str(self.k) / group / f"{slug[:120]}_{mark}.hdf5"
