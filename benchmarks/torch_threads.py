"""How many threads torch is fastest with."""

import os
from collections.abc import Callable

import paired
import torch


def fastest_threads(step: Callable[[], object], *, samples: int = 7, loops: int = 3) -> int:
    """The number of torch's threads, 1 or all cores, with which ``step`` takes the least time; torch is left with it.

    Each time is the least of some ``samples`` of a few ``loops``.
    """
    times = {}
    for threads in (1, os.cpu_count() or 1):
        torch.set_num_threads(threads)
        paired.time_call(step, 2)
        times[threads] = min(paired.time_call(step, loops) for _ in range(samples))
    fastest = min(times, key=times.get)
    torch.set_num_threads(fastest)
    return fastest
