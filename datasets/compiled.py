"""The one door to Numba: plain loops over arrays, compiled when they are first called."""

from collections.abc import Callable
from typing import Any

import numba
from numba import types
from numba.extending import intrinsic


def compiled(function: Callable) -> Callable:
    """``function`` compiled, to run beside other Python threads.

    The machine code is kept for the next process, in ``__pycache__`` beside the source or where the user's caches are;
    where neither can be written, every process compiles anew. Never with ``parallel``: Numba's threads and those of
    OpenMP, which Faiss and MXNet run on, get into each other's way. Whoever calls divides the work among threads.
    """
    options = {"nogil": True, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no folder to keep it in
        return numba.njit(**options)(function)


@intrinsic
def popcount(typing_context: Any, word: Any) -> Any:
    """``popcount(word)``: how many bits of a uint64 are 1; of many words in a loop at once, where the processor can."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate
