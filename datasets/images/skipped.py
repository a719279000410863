"""Skipped: the pictures of a job that cannot be read, each with its reason, and how many are too many.

All of them stand in a CSV file with the columns path and reason: ``skipped.csv`` in the folder of a run, and
``NAME.skipped.csv`` beside a vectors file ``NAME.h5``, see ``beside_file``.
"""

import csv
import math
import threading
from pathlib import Path

from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.images.pixels import Unreadable

NAME = "skipped.csv"  # in the folder of a run
MAX_BAD = 0.1  # share of the files that may be skipped, where nobody says
_ALWAYS = 20  # files may be skipped, however few there are
_EARLY = 1000  # files after which a job that goes wrong is ended before it takes hours
_NAMED = 3  # pictures that a line names


def beside_file(file: Path) -> Path:
    """Where what was skipped on the way to ``file`` stands: pictures.skipped.csv beside pictures.h5."""
    return file.with_name(f"{file.stem}.{NAME}")


def check_share(max_bad: float) -> None:
    """Raises InputError where ``--max-bad`` is no share."""
    if not 0 <= max_bad <= 1:
        raise InputError(f"--max-bad={max_bad}: must lie between 0 and 1")


class Skipped:
    """What a job over ``total`` files has skipped so far; threads may share it.

    max_bad : share of the files that may be skipped, never fewer than 20 files; 0 for none at all. It is held after the
        first 1,000 files, of those, and at the end, and as soon as it can no longer be kept then
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
        """Note a picture, once; raises InputError where all in all it is one too many, or the last that was left."""
        with self._lock:
            self._reasons[error.path] = error.reason
        self._check(self._total)

    def look(self, count: int) -> None:
        """Note that ``count`` more files have been looked at; raises InputError where too many of them were skipped.

        Who looks at all files several times may note each time.
        """
        with self._lock:
            before, self._looked_at = self._looked_at, self._looked_at + count
        if before < _EARLY <= self._looked_at:
            self._check(min(self._looked_at, self._total))

    def _check(self, files: int) -> None:
        if self and len(self) >= self._total:
            raise InputError(f"none of {self._total:,} pictures can be read: {self.some()}; mend them")
        allowed = max(_ALWAYS, math.floor(self._max_bad * files + 1e-9)) if self._max_bad else 0
        if len(self) > allowed:
            raise InputError(
                f"{len(self):,} of {files:,} pictures cannot be read, --max-bad={self._max_bad:g} allows {allowed:,}:"
                f" {self.some()}; mend or remove them, or raise --max-bad"
            )

    def load(self, file: Path) -> None:
        """Add what ``save`` has written to ``file``, if it is there; raises InputError as ``add`` does."""
        try:
            with file.open(newline="", encoding="utf-8", errors="surrogateescape") as rows:
                found = {row["path"]: row["reason"] for row in csv.DictReader(rows)}
        except FileNotFoundError:
            return
        except (OSError, csv.Error, KeyError) as error:
            why = getattr(error, "strerror", None) or "no list of skipped pictures"
            raise InputError(f"{file}: cannot be read ({why}); remove it") from None
        with self._lock:
            self._reasons = {**found, **self._reasons}
        self._check(self._total)

    def save(self, file: Path) -> None:
        """Write them as CSV with the columns path and reason; where there are none, an older file is removed."""
        found = self.reasons
        if not found:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with beside(file) as part, part.open("w", newline="", encoding="utf-8", errors="surrogateescape") as out:
            writer = csv.writer(out)  # which ends lines with CR and LF, and so knows to quote either in a name
            writer.writerow(("path", "reason"))
            writer.writerows(found.items())

    def line(self, file: Path | None = None) -> str:
        """What there is to say of them at the end, and that ``file`` has them all; "" where there are none."""
        if not self:
            return ""
        where = f"; all in {file}" if file else ""
        return f"skipped {len(self):,} of {self._total:,} pictures that cannot be read: {self.some()}{where}"

    def some(self) -> str:
        """The first of them, each with its reason, and how many more there are."""
        found = self.reasons
        more = f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else ""
        return "; ".join(f"{path} ({reason})" for path, reason in list(found.items())[:_NAMED]) + more
