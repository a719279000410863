"""One worker process of this machine: python -m datasets.cluster.worker PARENT ADDRESS FOLDER."""

import asyncio
import os
import signal
import sys

from distributed import Worker

from datasets.cluster.parent import die_with_parent


async def work(address: str, folder: str) -> None:
    """Work for the scheduler at ``address`` until it ends; what Dask writes goes to ``folder``."""
    # No limit of memory: Dask would count the pages of a mapped file, which the system can drop.
    async with Worker(address, nthreads=1, local_directory=folder, memory_limit=0, dashboard=False) as worker:
        await worker.finished()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    die_with_parent(int(sys.argv[1]))
    asyncio.run(work(*sys.argv[2:]))
    os._exit(0)  # whatever a thread may still be computing: nobody waits for it
