"""Skipped: the pictures of a job that cannot be read, each with its reason, and how many are too many."""

import csv
import threading
from pathlib import Path

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.pixels import Unreadable

NAME = "skipped.csv"  # beside what the job makes
MAX_BAD = 0.1  # share of the files that may be skipped, where nobody says
_ALWAYS = 20  # files may be skipped, however few there are
_EARLY = 1000  # files after which a job that goes wrong is ended before it takes hours
_NAMED = 3  # pictures that a line names


class Skipped:
    """What a job over ``total`` files has skipped so far; threads may share it.

    max_bad : share of the files looked at that may be skipped, never fewer than 20 files. It is held after the first
        1,000 files, at the end, and wherever it cannot be kept any more
    """

    def __init__(self, total: int, *, max_bad: float = MAX_BAD) -> None:
        self._total, self._max_bad = total, max_bad
        self._reasons: dict[str, str] = {}
        self._looked_at = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._reasons)

    def __contains__(self, path: str) -> bool:
        return path in self._reasons

    @property
    def reasons(self) -> dict[str, str]:
        """Why each path was skipped, in the order of the paths."""
        with self._lock:
            return dict(sorted(self._reasons.items()))

    def add(self, error: Unreadable) -> None:
        """Note a picture; raises InputError where all in all it is one too many."""
        with self._lock:
            self._reasons[error.path] = error.reason
        self._check(self._total)

    def look(self, count: int) -> None:
        """Note that ``count`` more files have been looked at; raises InputError where too many of them were skipped."""
        before, self._looked_at = self._looked_at, self._looked_at + count
        if before < _EARLY <= self._looked_at or self._looked_at >= self._total:
            self._check(self._looked_at)

    def _check(self, files: int) -> None:
        allowed = max(_ALWAYS, int(self._max_bad * files))
        if len(self) > allowed:
            raise InputError(
                f"{len(self):,} of {files:,} pictures cannot be read, --max-bad={self._max_bad:g} allows {allowed:,}:"
                f" {self._some()}; mend or remove them, or raise --max-bad"
            )

    def save(self, file: Path) -> None:
        """Write them as CSV with the columns path and reason; where there are none, an older file is removed."""
        if not self._reasons:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside(file) as part, part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("path", "reason"))
            writer.writerows(self.reasons.items())

    def line(self, file: Path | None = None) -> str:
        """What there is to say of them at the end, and that ``file`` has them all; "" where there are none."""
        if not self._reasons:
            return ""
        where = f"; all in {file}" if file else ""
        return f"skipped {len(self):,} of {self._total:,} pictures that cannot be read: {self._some()}{where}"

    def _some(self) -> str:
        found = self.reasons
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        return "; ".join(f"{path} ({reason})" for path, reason in list(found.items())[:_NAMED]) + more
