"""Work in threads, some batches ahead of who asks for its results: what keeps decoding in front of a network."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")

# Batches, and items, that wait decoded: enough to ride out a slow file, few enough to stay small in memory.
_AHEAD, _ITEMS_AHEAD = 3, 64
_AT_ONCE = 4  # items that a thread takes: handing one over costs it some part of a small picture's decoding


def in_threads(
    function: Callable[..., Result], batches: Iterable[Sequence[tuple]], *, workers: int
) -> Iterator[list[Result]]:
    """[function(*item) for the items of each batch], in order, computed by ``workers`` threads some batches ahead.

    Threads do: OpenCV, Pillow and files leave Python's lock while they decode, resize and read.
    """

    def some(items: Sequence[tuple]) -> list[Result]:
        return [function(*item) for item in items]

    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        waiting: deque[list[Future[list[Result]]]] = deque()
        try:
            for batch in batches:
                shares = [batch[i : i + _AT_ONCE] for i in range(0, len(batch), _AT_ONCE)]
                waiting.append([pool.submit(some, share) for share in shares])
                if len(waiting) > max(_AHEAD, _ITEMS_AHEAD // max(1, len(batch))):
                    yield _joined(waiting.popleft())
            while waiting:
                yield _joined(waiting.popleft())
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _joined(jobs: Sequence[Future[list[Result]]]) -> list[Result]:
    return [result for job in jobs for result in job.result()]
