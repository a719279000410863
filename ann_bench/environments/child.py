"""The process of another environment's Python: python -I child.py PACKAGE ENGINE; it is told over a pipe what to do.

It has that environment's packages only: NumPy, and the library. Of ours it can import what needs no more than NumPy.
"""

import importlib
import os
import sys
import time
import types
from typing import Any

import numpy as np

Said = tuple[dict[str, Any], list[np.ndarray]]


def only_from(folder: str) -> None:
    """Let ``ann_bench`` be imported from a folder, without whatever else is installed beside it."""
    package = types.ModuleType("ann_bench")
    package.__path__ = [folder]
    sys.modules["ann_bench"] = package


def timed(engine: Any, message: dict[str, Any], queries: np.ndarray) -> Said:
    """Every call once, by the very clock of the harness: the seconds of each, and all answers below each other."""
    from ann_bench.environments import wire
    from ann_bench.measuring import clock

    if message["cores"]:
        os.sched_setaffinity(0, message["cores"])  # as the harness is bound
    count, rests = message["calls"], message["rests"]
    rests = rests if len(rests) == count else rests * count
    size = len(queries) // count
    calls = [(queries[at * size : (at + 1) * size], *rest) for at, rest in enumerate(rests)]
    found = clock.run(getattr(engine, message["ask"]), calls)
    columns = zip(*found.answers, strict=True)
    return {"busy": found.busy, "waited": found.waited}, [
        found.seconds,
        *(wire.below_each_other(part) for part in columns if part[0] is not None),
    ]


def done(engine: Any, message: dict[str, Any], arrays: list[np.ndarray]) -> Said:
    """What the engine says to one message."""
    if message["do"] == "run":
        return timed(engine, message, *arrays)
    answer = getattr(engine, message["do"])(*arrays, *message["rest"], **message["settings"])
    return {}, [] if answer is None else [part for part in answer if part is not None]


def main(folder: str, name: str) -> None:
    """Answer until nobody asks any more."""
    only_from(folder)
    from ann_bench.environments import wire

    asked, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not come between the answers
    engine: Any = None
    while True:
        try:
            message, arrays = wire.receive(asked)
        except EOFError:
            if hasattr(engine, "end"):
                engine.end()
            os._exit(0)  # without an orderly end, in which some libraries crash
        said: Said = {}, []
        busy = time.process_time()
        try:
            if message["do"] == "begin":
                engine = importlib.import_module(f"ann_bench.environments.{name}").Engine(**message["settings"])
            else:
                said = done(engine, message, arrays)
        except Exception as error:  # is for whoever asked
            said = {"error": " ".join(f"{type(error).__name__}: {error}".split())}, []
        wire.send(answers, {"busy": time.process_time() - busy} | said[0], said[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
