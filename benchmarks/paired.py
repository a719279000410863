"""Two ways of doing one thing, timed alternately in one process, as a ratio round by round.

A shared machine's speed wanders by tens of per cent within minutes, so that times of two runs must not be divided.
Here every round runs both ways once, in alternating order, and the median of the rounds' ratios is what counts.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path


def time_call(call: Callable[[], None], loops: int) -> float:
    """Milliseconds of one of ``loops`` calls."""
    start = time.perf_counter()
    for _ in range(loops):
        call()
    return (time.perf_counter() - start) * 1e3 / loops


def compare(
    case: str,
    ours: Callable[[], None],
    peer: Callable[[], None],
    *,
    rounds: int = 7,
    at_least: float,
    sample_ms: float = 200,
    warm_up: bool = True,
    peer_share: float = 1,
    **facts: object,
) -> bool:
    """Print one JSON line for a case; whether it reaches its bar.

    Both calls must return only when their work is done. ratio : how many times as fast as the peer ours is, the median
    over rounds; sample_ms : about how long each sample takes, by repeating short calls; warm_up : whether both are
    called before the clock starts, which calls that take minutes need not be: they are not repeated either;
    peer_share : how much of ours' work the peer is given, where its time is in proportion: it is divided by this share
    """
    calls = {"ours": ours, "peer": peer}
    loops = dict.fromkeys(calls, 1)
    for name, call in calls.items() if warm_up else ():
        time_call(call, 2)  # compilation, first touches of memory
        loops[name] = max(1, int(sample_ms / max(time_call(call, 1), 1e-3)))
    times: dict[str, list[float]] = {"ours": [], "peer": []}
    for turn in range(rounds):
        for name in sorted(calls, reverse=bool(turn % 2)):
            times[name].append(time_call(calls[name], loops[name]) / (peer_share if name == "peer" else 1))
    ratios = [peer / own for own, peer in zip(times["ours"], times["peer"], strict=True)]
    ratio = statistics.median(ratios)
    line = {
        "case": case,
        "ours_ms": round(statistics.median(times["ours"]), 3),
        "peer_ms": round(statistics.median(times["peer"]), 3),
        "ratio": round(ratio, 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "at_least": at_least,
        **({"peer_share": peer_share} if peer_share != 1 else {}),
        **facts,
    }
    print(json.dumps(line), flush=True)
    return ratio >= at_least


def finish(passed: list[bool]) -> None:
    """Print the verdict and leave, with code 1 where a bar was missed."""
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    print(json.dumps({"verdict": "passed" if all(passed) else "missed", "cases": len(passed), **machine}), flush=True)
    sys.exit(0 if all(passed) else 1)


def printed_by(script: str, *words: str) -> float:
    """The number that ``script``, given ``words``, prints in a process of its own, as a peak of memory needs it."""
    done = subprocess.run([sys.executable, script, *words], check=True, capture_output=True, text=True)
    return float(done.stdout)


def own_gigabytes(what: str) -> float:
    """Of this process, what it holds (VmRSS) or held at most (VmHWM); what getrusage says begins with its parent's."""
    kilobytes = re.search(rf"{what}:\s*(\d+)", Path("/proc/self/status").read_text())[1]
    return int(kilobytes) * 1024 / 1e9
