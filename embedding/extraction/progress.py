"""Progress: pictures a second and the time left, as a bar on a terminal, as a line every so often in a log."""

import logging
import sys
import time
from types import TracebackType

from tqdm import tqdm

log = logging.getLogger(__name__)

_EVERY = 30.0  # seconds between two lines of a log


class Progress:
    """Tells how far a job over ``total`` pictures is, of which ``done`` were made before."""

    def __init__(self, total: int, done: int = 0) -> None:
        self._total, self._done, self._before = total, done, done
        self._start = self._told = time.monotonic()
        shown = sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, desc="extract", unit="image", disable=not shown, leave=False)
        self._shown = shown

    def __enter__(self) -> "Progress":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def update(self, count: int) -> None:
        """Note ``count`` more pictures."""
        self._bar.update(count)
        self._done += count
        now = time.monotonic()
        if not self._shown and now - self._told >= _EVERY:
            self._told = now
            log.info("%s", self.line(now - self._start))

    def line(self, seconds: float) -> str:
        """How far it is after so many seconds."""
        rate = (self._done - self._before) / seconds
        left = int((self._total - self._done) / rate) if rate else 0
        clock = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        return f"{self._done:,} of {self._total:,} pictures, {rate:.1f} images/s, {clock} left"
