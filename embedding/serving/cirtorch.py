"""Networks of cirtorch served: its checkpoints, with the whitenings in them, and its trunks off the shelf."""

import hashlib
from pathlib import Path

from embedding.engine.base import Facts
from embedding.engine.kept import fingerprint
from embedding.mx import mx, nd
from embedding.network import cirtorch
from embedding.network.cirtorch import Loaded
from embedding.network.instance_head import power
from embedding.network.regions import OfRegions
from embedding.serving.networks import Served

SIDE = 1024  # pixels of the longest side of a photograph, as in cirtorch's test command

_BLANK = 96  # pixels, large enough for all trunks


def of_checkpoint(path: Path, devices: list[mx.Context]) -> Served:
    """The network of a checkpoint; errors as of ``cirtorch.load``."""
    return _served(cirtorch.load(path, devices), fingerprint(path), devices)


def of_the_shelf(named: str, data: Path, devices: list[mx.Context]) -> Served:
    """The network that cirtorch calls so, resnet101-gem-reg; errors as of ``cirtorch.off_the_shelf``."""
    return _served(cirtorch.off_the_shelf(named, devices, data), shelf_fingerprint(named, data), devices)


def shelf_fingerprint(named: str, data: Path) -> str:
    """What tells a network off the shelf from others, without loading it: its name, and the files there are for it."""
    files = sorted(path for folder in ("networks", "whiten", "weights") for path in (data / folder).glob("*"))
    about = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr((named, about)).encode()).hexdigest()[:16]


def whitenings(path: Path) -> dict[str, dict[str, cirtorch.Whitening]]:
    """Those that a checkpoint was published with, by the set that they were learned on, and then by ss or ms."""
    return cirtorch.load(path, [mx.cpu()]).whitenings


def can_be_written(served: Served) -> bool:
    """Whether it can stand in an ONNX file: pooled regions follow the size of a picture, which its operators cannot."""
    return not isinstance(served.net.encoder.pool, OfRegions)


def _served(loaded: Loaded, network: str, devices: list[mx.Context]) -> Served:
    blank = nd.zeros((1, _BLANK, _BLANK, 3), ctx=devices[0], dtype="uint8")
    dim = int(loaded.net(blank).shape[1])
    about = {"size": (SIDE, SIDE), "resize": "own", "power": power(loaded.net)}
    return Served(loaded.net, Facts(network=network, model=loaded.described.architecture, dim=dim, **about))
