"""Connect: the pool that a command's --cluster names."""

import contextlib
from collections.abc import Iterator

from datasets.cluster import place
from datasets.cluster.pool import Here, Pool
from datasets.errors import InputError


@contextlib.contextmanager
def connect(flag: str) -> Iterator[Pool]:
    """The pool that ``--cluster=flag`` names, "" for this process; what was started for it ends with the block.

    Raises InputError where the flag is wrong, Dask is not installed or nobody answers there.
    """
    where = place.read(flag)
    if not where.kind:
        yield Here()
        return
    try:
        from datasets.cluster import dask_pool
    except ImportError as error:
        raise InputError(f"--cluster={flag}: {error.name} is not installed; {place.INSTALL}") from None
    with dask_pool.connect(where) as pool:
        yield pool
