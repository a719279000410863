"""All benchmarks one after the other, each in a process of its own, and one table of what they found.

    make bench, or: .bench-venv/bin/python benchmarks/run.py
    make bench ONLY=exact,vse_step, or: .bench-venv/bin/python benchmarks/run.py --only=exact,vse_step

What they print passes through, so that nothing is lost of a run that is stopped. One that breaks off, or does not end
within half an hour, is told as failed, and the rest goes on. Exits with code 1 where a bar was missed or one failed. A
case that was too noisy to say did not miss its bar: measure it again when the machine has nothing else to do.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from verdicts import Verdict

HERE = Path(__file__).resolve().parent
NAMES = (
    "loss_step",
    "hash_step",
    "vse_step",
    "train_throughput",
    "phone_photographs",
    "harness_overhead",
    "hash_map",
    "crossmodal_eval",
    "evaluation",
    "exact",
    "filtered_truth",
    "stream_truth",
    "cluster",
    "equal_training",
    "extract",
    "instance_extraction",
    "instance_diffusion",
    "instance_mining",
    "instance_evaluation",
    "instance_geometry",
)
FAILED = "failed"
SECONDS_AT_MOST = 1800  # of one of them
TITLES = ("case", "ratio", "interval", "bar", "verdict")

Line = dict[str, Any]


def run(script: Path, *, seconds: float = SECONDS_AT_MOST) -> list[Line]:
    """The lines of the cases of one benchmark, which are printed as they come; and one more where it failed."""
    lines, ended = [], False
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as process:
        clock = threading.Timer(seconds, process.kill)
        clock.start()
        for text in process.stdout:
            print(text, end="", flush=True)
            line = read(text)
            lines += [line] if "case" in line else []
            ended |= "cases" in line
        code = process.wait()
        clock.cancel()
    if not ended:
        why = f"ended with code {code}" if code >= 0 else f"was stopped by signal {-code}"
        lines.append({"case": f"{script.stem} {why}", "verdict": FAILED})
    return lines


def read(text: str) -> Line:
    """The JSON object of a line; an empty one of any other line."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def row(line: Line) -> tuple[str, ...]:
    """What the table shows of a case: where no time is compared, its figure stands in the place of the ratio."""
    ratio = line.get("ratio", line.get("ours", ""))
    span = f"{line['low']:.3f} to {line['high']:.3f}" if "low" in line else ""
    sides = {"at_least": "at least", "at_most": "at most"}
    bar = next((f"{words} {line[side]:g}" for side, words in sides.items() if side in line), "")
    return line["case"], f"{ratio:.4g}" if isinstance(ratio, float | int) else "", span, bar, str(line["verdict"])


def table(lines: list[Line]) -> str:
    """One line a case, in columns."""
    rows = [TITLES, *(row(line) for line in lines)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, cells, widths)).rstrip() for cells in rows)


def summary(lines: list[Line]) -> str:
    """How many cases got which verdict."""
    counts = Counter(line["verdict"] for line in lines)
    return f"{len(lines)} cases: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())


def chosen() -> list[str]:
    """The names given with --only, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="NAME,...", help=f"of {', '.join(NAMES)}")
    given = parser.parse_args().only
    names = given.split(",") if given else list(NAMES)
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"--only={given}: there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    return names


def main() -> None:
    """Run those that are asked for, and print the table."""
    lines: list[Line] = []
    start = time.perf_counter()
    for name in chosen():
        began = time.perf_counter()
        lines += run(HERE / f"{name}.py")
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    print(f"\n{table(lines)}\n\n{summary(lines)}, in {(time.perf_counter() - start) / 60:.0f} minutes")
    sys.exit(any(line["verdict"] in (Verdict.MISSED, FAILED) for line in lines))


if __name__ == "__main__":
    main()
