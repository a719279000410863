"""Journal: what was tried in a search, a line each, so that the same search goes on where it was killed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ann_bench.indexes.base import Value
from ann_bench.results import families
from ann_bench.units import significant

_LONGER = 1.5  # times what was too short for it: less is not worth another try
_APART = 1.03  # of both speeds: less is not worth a word


@dataclass(frozen=True)
class Outcome:
    """What came of one build over so many vectors.

    rows : of the gallery that it was built over, a sample or all
    way : how the index was asked, where the track has several ways
    full : whether it was measured in full over all, and its point kept as a result
    meant : the build over all that it stands for
    search, recall, qps : the fastest that reaches the recall; where not ``reached``, the closest that was measured
    reason : why it is no better, "" where nothing is said against it
    build_seconds, index_bytes, memory : of the build; bytes that the process held when searching
    timed : QPS by the clock, as they stand in its result; ``qps`` are without the waiting for a core. 0 on a sample
    seconds : that it cost to find out
    limit : seconds that it was given, where it was ended for taking longer
    """

    rows: int
    index: str
    build: str
    meant: str
    search: Mapping[str, Value] = field(default_factory=dict)
    recall: float = 0.0
    qps: float = 0.0
    reached: bool = False
    reason: str = ""
    build_seconds: float = 0.0
    index_bytes: int = 0
    memory: int = 0
    seconds: float = 0.0
    full: bool = False
    timed: float = 0.0
    way: str = ""
    limit: float = 0.0

    @property
    def family(self) -> str:
        """The family of what it stands for."""
        return families.family(self.index, self.meant)

    @property
    def key(self) -> tuple[int, bool, str, str]:
        """What is not tried twice."""
        return self.rows, self.full, self.index, self.meant

    @property
    def words(self) -> str:
        """ "nprobe=8 k_factor_rf=4" """
        return " ".join(f"{name}={value}" for name, value in self.search.items())

    @property
    def title(self) -> str:
        """ "hnswlib M=16,ef_construction=200 ef=23" """
        way = f"({self.way})" if self.way else ""
        return " ".join(dict.fromkeys(word for word in (self.index, self.build, self.words, way) if word))

    @property
    def figures(self) -> str:
        """ "recall 0.9549, 9,780 QPS, 23,600 without waiting for a core"; nothing where nothing was measured."""
        if not self.qps:
            return ""
        return f"recall {self.recall:.4f}, {significant(self.timed or self.qps)} QPS{self.alone}"

    @property
    def alone(self) -> str:
        """ ", 23,600 without waiting for a core", where that is more."""
        hindered = self.qps > _APART * (self.timed or self.qps)
        return f", {significant(self.qps)} without waiting for a core" if hindered else ""


class Journal:
    """The outcomes of one search. A line is written when its try has ended; half a line is no line."""

    def __init__(self, folder: Path, asked: Mapping[str, Any], *, anew: bool = False) -> None:
        mark = hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).hexdigest()[:8]
        self.path = folder / f"tried-{mark}.jsonl"
        folder.mkdir(parents=True, exist_ok=True)
        if anew:
            self.path.unlink(missing_ok=True)
        found = map(_read, self.path.read_text().splitlines()) if self.path.exists() else ()
        self.outcomes = {one.key: one for one in found if one}
        self.before = len(self.outcomes)

    @property
    def seconds(self) -> float:
        """That all of it cost."""
        return sum(one.seconds for one in self.outcomes.values())

    def get(self, rows: int, index: str, meant: str, *, full: bool = False, seconds: float = 0.0) -> Outcome | None:
        """What came of it, where it was tried; not where it was given too little time, and now has so many seconds."""
        found = self.outcomes.get((rows, full, index, meant))
        return None if found and found.limit and seconds > _LONGER * found.limit else found

    def add(self, outcome: Outcome) -> Outcome:
        """Note an outcome."""
        self.outcomes[outcome.key] = outcome
        with self.path.open("a") as file:
            file.write(json.dumps(asdict(outcome)) + "\n")
        return outcome


def _read(line: str) -> Outcome | None:
    try:
        return Outcome(**json.loads(line))
    except (ValueError, TypeError):
        return None
