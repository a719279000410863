"""Methods of cross-modal hashing at several code lengths, each with several seeds, beside CCA and ITQ: one table."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from embedding.compare import Rows, once
from embedding.losses.base import own_settings
from hashing.compare import rows_of, table_of
from hashing.cross import losses
from hashing.cross.judge import BASELINE
from hashing.cross.options import OWN, CrossOptions
from hashing.cross.train import train

_SHOWN = ("map@", "precision@h")


def compare(options: CrossOptions, methods: Sequence[str], bits: Sequence[int], seeds: Sequence[int]) -> str:
    """Train every one of ``methods`` at every length with every seed, and return the table.

    The runs stand in ``options.runs / options.name``; one that was finished before, with the same options, is not run
    again. CCA and ITQ are of the same features and words, by the runs of the first method that did not diverge. A
    setting of a loss (``OWN``) is given to those of ``methods`` that have it.
    """
    found = {
        (method, length): [_run(options, method, length, seed) for seed in seeds]
        for length in bits
        for method in methods
    }
    return table_of(found, beside=(BASELINE,), shown=lambda name: name.partition(" ")[2].startswith(_SHOWN))


def _run(options: CrossOptions, method: str, bits: int, seed: int) -> Rows:
    """{row: scores and seconds} of one run, from its folder where it was finished before."""
    taken = own_settings(losses.get(method).Loss)
    own: dict[str, Any] = {name: getattr(options, name) if name in taken else None for name in OWN}
    changed = {"method": method, "bits": bits, "seed": seed, "report": False, "name": f"{method}-{bits}-{seed}"}
    asked = dataclasses.replace(options, runs=options.runs / options.name, **changed, **own)
    return once(asked.runs / asked.name, dataclasses.asdict(asked), lambda: rows_of(train(asked)))
