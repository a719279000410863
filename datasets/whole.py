"""Files that are there whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """The place to write to first, ``<path>.part``; it takes that of ``path`` when the block ends without an error."""
    part = path.with_name(path.name + ".part")
    yield part
    os.replace(part, path)
