"""Networks of cirtorch served: its checkpoints, with the whitenings in them, and its trunks off the shelf."""

import hashlib
from collections.abc import Iterator
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from embedding.engine.base import Facts
from embedding.engine.kept import fingerprint
from embedding.mx import mx
from embedding.network import cirtorch
from embedding.network.checkpoint import contents
from embedding.network.cirtorch import Loaded
from embedding.network.instance_head import power
from embedding.serving.networks import Served

SIDE = 1024  # pixels of the longest side of a photograph, as in cirtorch's test command

Shift = tuple[np.ndarray, np.ndarray]  # a whitening: what is taken off (D,), and the projection (d, D)
_ENDS = {"ss": "_whiten.pth", "ms": "_whiten_ms.pth"}  # of the files of one scale, and of several


def of_checkpoint(path: Path, devices: list[mx.Context]) -> Served:
    """The network of a checkpoint; errors as of ``cirtorch.load``."""
    return _served(cirtorch.load(path, devices), fingerprint(path))


def of_the_shelf(named: str, data: Path, devices: list[mx.Context]) -> Served:
    """The network that cirtorch calls so, resnet101-gem-reg; errors as of ``cirtorch.off_the_shelf``."""
    return _served(cirtorch.off_the_shelf(named, devices, data), shelf_fingerprint(named, data))


def shelf_fingerprint(named: str, data: Path) -> str:
    """What tells a network off the shelf from others, without loading it: its name, and the files there are for it."""
    files = sorted(path for folder in ("networks", "whiten", "weights") for path in (data / folder).glob("*"))
    about = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr((named, about)).encode()).hexdigest()[:16]


def whitenings(path: Path) -> dict[str, dict[str, Shift]]:
    """Those of a checkpoint by the set that they were learned on, and then "ss", for a single scale, or "ms".

    It was published with them, or cirtorch's test command has learned them and kept them beside it.
    """
    found = dict(_published(cirtorch.of_file(path)["meta"].get("Lw"), path))
    for kind, end in _ENDS.items():
        for file in sorted(path.parent.glob(f"{escape(path.name)}_*{end}")):
            name = file.name[len(path.name) + 1 : -len(end)]
            found.setdefault(name, {}).setdefault(kind, _shift(contents(file), file))
    return found


def _published(found: object, path: Path) -> Iterator[tuple[str, dict[str, Shift]]]:
    for name, kinds in found.items() if isinstance(found, dict) else ():
        if isinstance(kinds, dict):
            yield str(name), {kind: _shift(kinds[kind], path) for kind in kinds if kind in _ENDS}


def _shift(found: Any, path: Path) -> Shift:
    """From {"m": (D, 1), "P": (d, D)}: vectors are columns there, so that P's rows are what ours are too."""
    try:
        mean, projection = np.asarray(found["m"]).ravel(), np.asarray(found["P"])
    except (KeyError, TypeError, IndexError):
        raise InputError(f"weights file {path}: its whitening is not m and P; learn it anew") from None
    if projection.ndim != 2 or projection.shape[1] != mean.size or len(projection) > mean.size:
        what = f"m has {mean.size} numbers and P the shape {projection.shape}"
        raise InputError(f"weights file {path}: its whitening does not fit itself: {what}; learn it anew")
    return mean, projection


def _served(loaded: Loaded, network: str) -> Served:
    net = loaded.net
    about = {"size": (SIDE, SIDE), "resize": "own", "power": power(net), "dim": net.head.dim or net.encoder.dim}
    return Served(net, Facts(network=network, model=loaded.described.architecture, **about))
