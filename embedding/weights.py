"""Pretrained weights: the arrays of torchvision and timm checkpoints find their places in our trunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from embedding.backbone import Trunk
from embedding.checkpoint import read
from embedding.mx import gluon, mx, nd

# What MXNet's parameters are called in PyTorch.
_ROLES = {"gamma": "weight", "beta": "bias"}


@dataclass(frozen=True)
class Report:
    """What ``load`` did: the number of arrays set, and the names in the file that the trunk has no place for."""

    path: str
    loaded: int
    unused: tuple[str, ...]

    def __str__(self) -> str:
        rest = f"; not used: {', '.join(self.unused)}" if self.unused else ""
        return f"{self.loaded} pretrained arrays from {self.path}{rest}"


def load(trunk: Trunk, path: str | Path) -> Report:
    """Set all parameters of ``trunk`` from the torchvision or timm checkpoint ``path``.

    The trunk may be initialised or not. Classifiers in the file are left out.
    Raises InputError, with the trunk unchanged, where the file cannot be read or is of another architecture.
    """
    arrays = read(path)
    places = _places(trunk, arrays, path)
    _check(places, arrays, trunk, path)
    for key, parameter in places.items():
        _set(parameter, arrays[key])
    unused = [key for key in arrays if key not in places and not key.endswith("num_batches_tracked")]
    return Report(str(path), len(places), tuple(sorted(unused)))


def _places(trunk: Trunk, arrays: dict[str, np.ndarray], path: str | Path) -> dict[str, gluon.Parameter]:
    """The parameter of ``trunk`` for each name that its checkpoints have."""
    if trunk.model not in _LAYOUTS:
        raise InputError(f"weights file {path}: there are no pretrained weights for {trunk.model}")
    layouts = [list(layout()) for layout in _LAYOUTS[trunk.model]]
    modules = iter(max(layouts, key=lambda names: sum(f"{name}.weight" in arrays for name in names)))
    places, module = {}, ""
    for name, parameter in trunk.collect_params().items():
        role = next(role for role in (*_ROLES, "weight", "bias", "running_mean", "running_var") if name.endswith(role))
        if role in ("weight", "gamma"):  # the first parameter of each convolution and each batch norm
            module = next(modules)
        places[f"{module}.{_ROLES.get(role, role)}"] = parameter
    return places


def _check(places: dict[str, gluon.Parameter], arrays: dict[str, np.ndarray], trunk: Trunk, path: str | Path) -> None:
    """Raises InputError naming the first array that is missing, has another shape or has no place in the trunk."""
    trunk.infer_shape(nd.zeros((1, 3, 32, 32)))
    wrong = f"weights file {path} does not fit {trunk.model}"
    for key, parameter in places.items():
        if key not in arrays:
            raise InputError(f"{wrong}: it has no {key}; name a checkpoint of this architecture")
        if arrays[key].shape != parameter.shape:
            raise InputError(f"{wrong}: {key} has the shape {arrays[key].shape}, not {parameter.shape}")
    stages = {key.partition(".")[0] for key in places}
    for key in arrays:
        if key not in places and key.partition(".")[0] in stages and not key.endswith("num_batches_tracked"):
            raise InputError(f"{wrong}: it has {key} too; name a checkpoint of this architecture")


def _set(parameter: gluon.Parameter, array: np.ndarray) -> None:
    try:
        parameter.list_ctx()
    except RuntimeError:  # not initialised
        parameter.initialize(mx.init.Zero())
    parameter.set_data(nd.array(array.astype(np.float32)))


def _resnet(blocks: tuple[int, ...], convolutions: int) -> Iterator[str]:
    """Module names of torchvision's and timm's ResNets in the order of Gluon's; ``convolutions`` a block."""
    yield from ("conv1", "bn1")
    for stage, count in enumerate(blocks, 1):
        for i in range(count):
            block = f"layer{stage}.{i}."
            yield from (f"{block}{kind}{j}" for j in range(1, convolutions + 1) for kind in ("conv", "bn"))
            if i == 0 and (stage > 1 or convolutions == 3):
                yield from (block + "downsample.0", block + "downsample.1")


def _mobilenetv2_torchvision() -> Iterator[str]:
    yield from ("features.0.0", "features.0.1")
    yield from (f"features.1.conv.{part}" for part in ("0.0", "0.1", "1", "2"))
    yield from (f"features.{i}.conv.{part}" for i in range(2, 18) for part in ("0.0", "0.1", "1.0", "1.1", "2", "3"))
    yield from ("features.18.0", "features.18.1")


def _mobilenetv2_timm() -> Iterator[str]:
    yield from ("conv_stem", "bn1")
    yield from (f"blocks.0.0.{part}" for part in ("conv_dw", "bn1", "conv_pw", "bn2"))
    for stage, count in enumerate((2, 3, 4, 3, 3, 1), 1):
        for i in range(count):
            parts = ("conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3")
            yield from (f"blocks.{stage}.{i}.{part}" for part in parts)
    yield from ("conv_head", "bn2")


def _densenet121(dot: str) -> Iterator[str]:
    """Torchvision's first checkpoints have a ``dot`` in the names of a dense layer's parts: norm.1."""
    yield from ("features.conv0", "features.norm0")
    for stage, count in enumerate((6, 12, 24, 16), 1):
        for i in range(1, count + 1):
            layer = f"features.denseblock{stage}.denselayer{i}."
            yield from (f"{layer}{kind}{dot}{j}" for j in (1, 2) for kind in ("norm", "conv"))
        if stage < 4:
            yield from (f"features.transition{stage}.norm", f"features.transition{stage}.conv")
    yield "features.norm5"


def _vgg16() -> Iterator[str]:
    yield from (f"features.{i}" for i in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28))


# The layouts in which checkpoints of a trunk come: generators of the names of its modules, in the trunk's own order.
_LAYOUTS: dict[str, tuple[Callable[[], Iterator[str]], ...]] = {
    "resnet18_v1b": (partial(_resnet, (2, 2, 2, 2), 2),),
    "resnet34_v1b": (partial(_resnet, (3, 4, 6, 3), 2),),
    "resnet50_v1b": (partial(_resnet, (3, 4, 6, 3), 3),),
    "resnet101_v1b": (partial(_resnet, (3, 4, 23, 3), 3),),
    "mobilenetv2_1.0": (_mobilenetv2_torchvision, _mobilenetv2_timm),
    "densenet121": (partial(_densenet121, ""), partial(_densenet121, ".")),
    "vgg16": (_vgg16,),
}
