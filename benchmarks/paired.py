"""Two ways of doing one thing, timed alternately in one process, as a ratio round by round.

A shared machine's speed wanders by tens of per cent within minutes, so that times of two runs must not be divided.
Here every round runs both ways once, in alternating order, and the rounds' ratios are what counts. Where their
interval leaves open on which side of the bar the truth lies, as many rounds are added as there were, twice at most.
"""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import verdicts
from verdicts import Verdict

ROUNDS = 7  # the fewest that can say anything
PATIENCE = 90.0  # seconds: a measurement that would take longer gets no more rounds

Pair = tuple[float, float]  # milliseconds of ours and of the peer


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
    at_least: float,
    rounds: int = ROUNDS,
    sample_ms: float = 200,
    warm_up: bool = True,
    peer_share: float = 1,
    **facts: object,
) -> Verdict:
    """Print one JSON line for a case; whether ours is ``at_least`` so many times as fast as the peer.

    Both calls must return only when their work is done. rounds : before the first look; sample_ms : about how long each
    sample takes, by repeating short calls; warm_up : whether both are called before the clock starts, which calls that
    take seconds need not be: they are not repeated either; peer_share : how much of ours' work the peer is given, where
    its time is in proportion: it is divided by this share
    """
    calls = {"ours": ours, "peer": peer}
    loops = dict.fromkeys(calls, 1)
    for name, call in calls.items() if warm_up else ():
        time_call(call, 2)  # compilation, first touches of memory
        loops[name] = max(1, int(sample_ms / max(time_call(call, 1), 1e-3)))

    def one_round(turn: int) -> Pair:
        took = {name: time_call(calls[name], loops[name]) for name in sorted(calls, reverse=bool(turn % 2))}
        return took["ours"], took["peer"] / peer_share

    facts = {"peer_share": peer_share, **facts} if peer_share != 1 else facts
    return by_rounds(case, one_round, at_least=at_least, rounds=rounds, **facts)


def by_rounds(
    case: str, one_round: Callable[[int], Pair], *, at_least: float, rounds: int = ROUNDS, **facts: object
) -> Verdict:
    """As ``compare``, of what ``one_round(turn)`` measures; its turns count from 0, and it alternates their order."""
    start, pairs = time.perf_counter(), []
    for look in range(verdicts.LOOKS):
        count = rounds * 2**look - len(pairs)
        pairs += [one_round(turn) for turn in range(len(pairs), len(pairs) + count)]
        ratio = verdicts.interval([peer / own for own, peer in pairs])
        verdict = verdicts.judge(ratio, at_least=at_least)
        passed_time = time.perf_counter() - start
        if verdict != Verdict.NOISY or look == verdicts.LOOKS - 1 or 2 * passed_time > PATIENCE:
            break
        span = f"{ratio.low:.3f} to {ratio.high:.3f} around the bar of {at_least}"
        print(f"{case}: too noisy after {len(pairs)} rounds ({span}), {len(pairs)} more", file=sys.stderr, flush=True)
    ours_ms, peer_ms = (round(statistics.median(times), 3) for times in zip(*pairs, strict=True))
    found = {name: round(value, 3) for name, value in zip(("ratio", "low", "high"), ratio, strict=True)}
    bar = {"at_least": at_least, "rounds": len(pairs)}
    return verdicts.tell(case, verdict, ours_ms=ours_ms, peer_ms=peer_ms, **found, **bar, **facts)


def printed_by(script: str, *words: str) -> float:
    """The number that ``script``, given ``words``, prints in a process of its own, as a peak of memory needs it."""
    done = subprocess.run([sys.executable, script, *words], check=True, capture_output=True, text=True)
    return float(done.stdout)


def own_gigabytes(what: str, *, process: int | str = "self") -> float:
    """Of a process, what it holds (VmRSS) or held at most (VmHWM); what getrusage says begins with its parent's."""
    kilobytes = re.search(rf"{what}:\s*(\d+)", Path(f"/proc/{process}/status").read_text())[1]
    return int(kilobytes) * 1024 / 1e9
