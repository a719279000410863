"""Pretrained weights: the arrays of torchvision and timm checkpoints find their places in our trunks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from datasets.errors import InputError, suggestion
from embedding.mx import gluon, mx, nd
from embedding.network import efficientnet_lite, packaged
from embedding.network.backbone import Trunk
from embedding.network.checkpoint import read

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
    return place(trunk, read(path), path)


def place(trunk: Trunk, arrays: dict[str, np.ndarray], path: str | Path) -> Report:
    """The same of the ``arrays`` of the file ``path`` by their names in torchvision or timm."""
    places = _places(trunk, arrays, path)
    _check(places, arrays, trunk, path)
    for key, parameter in places.items():
        _set(parameter, arrays[key])
    unused = [key for key in arrays if key not in places and not key.endswith("num_batches_tracked")]
    return Report(str(path), len(places), tuple(sorted(unused)))


def find(named: str, model: str) -> Path:
    """The file that --use-pretrained names: itself, that of a trunk by pip, or for "auto" that of ``model``.

    Which is the one in data/weights or, where pip brings it, the installed one. Raises InputError for neither.
    """
    if trunk := packaged.trunk_of(named):
        return packaged.find(trunk)
    if named != "auto":
        if not Path(named).suffix and not Path(named).exists():  # a name, not a file
            hint = suggestion(named, packaged.PACKAGES)
            known = ", ".join(packaged.PACKAGES)
            raise InputError(f"--use-pretrained={named}: no such file; {hint}pip brings {known}; else name a file")
        return Path(named)
    for suffix in (".safetensors", ".pth"):
        path = Path("data/weights") / (model + suffix)
        if path.exists():
            return path
    if model in packaged.PACKAGES:
        return packaged.find(model)
    raise InputError(
        f"--use-pretrained: no data/weights/{model}.safetensors or .pth; Gluon's own weights can no longer be"
        " downloaded, so put a torchvision or timm checkpoint there or name it: --use-pretrained=FILE;"
        f" or take a trunk that pip brings: --use-pretrained={next(iter(packaged.PACKAGES))}"
    )


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
    trunk.infer_shape(nd.zeros((1, 3, 96, 96)))  # large enough for all trunks
    wrong = f"weights file {path} does not fit {trunk.model}"
    if trunk.model.startswith("se_") and any(".se_module." in key for key in arrays):
        # The same shapes, but a first pooling that does not pad: it would load, and give other features.
        raise InputError(f"{wrong}: it is of legacy_seresnext50_32x4d; give one of timm's seresnext50_32x4d")
    for key, parameter in places.items():
        if key not in arrays:
            raise InputError(f"{wrong}: it has no {key}; name one of this trunk, or its own trunk by --model")
        if arrays[key].shape != parameter.shape:
            raise InputError(f"{wrong}: {key} has the shape {arrays[key].shape}, not {parameter.shape}")
    stages = {key.partition(".")[0] for key in places}
    for key in arrays:
        left_out = key.endswith("num_batches_tracked") or key.startswith(_CLASSIFIERS.get(trunk.model, " "))
        if key not in places and key.partition(".")[0] in stages and not left_out:
            raise InputError(f"{wrong}: it has {key} too; name one of this trunk, or its own trunk by --model")


def _set(parameter: gluon.Parameter, array: np.ndarray) -> None:
    try:
        parameter.list_ctx()
    except RuntimeError:  # not initialised
        parameter.initialize(mx.init.Zero())
    parameter.set_data(nd.array(array.astype(np.float32)))


def _resnet(blocks: tuple[int, ...], convolutions: int, *, squeeze: bool = False) -> Iterator[str]:
    """Module names of torchvision's and timm's ResNets in the order of Gluon's; ``convolutions`` a block.

    squeeze : whether blocks squeeze and excite
    """
    yield from ("conv1", "bn1")
    for stage, count in enumerate(blocks, 1):
        for i in range(count):
            block = f"layer{stage}.{i}."
            yield from (f"{block}{kind}{j}" for j in range(1, convolutions + 1) for kind in ("conv", "bn"))
            if squeeze:
                yield from (block + "se.fc1", block + "se.fc2")
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


def _googlenet() -> Iterator[str]:
    branches = ("branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1")
    blocks = ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")
    inceptions = (f"inception{block}.{branch}" for block in blocks for branch in branches)
    for name in ("conv1", "conv2", "conv3", *inceptions):
        yield from (f"{name}.conv", f"{name}.bn")


def _inceptionv3() -> Iterator[str]:
    """Torchvision's and timm's names; the letters are the five kinds of blocks of its paper."""
    stem = ("1a_3x3", "2a_3x3", "2b_3x3", "3b_1x1", "4a_3x3")
    five, double = ("5x5_1", "5x5_2"), ("3x3dbl_1", "3x3dbl_2", "3x3dbl_3")
    a = ("1x1", *five, *double, "_pool")
    b = ("3x3", *double)
    c = ("1x1", *(f"7x7_{i}" for i in (1, 2, 3)), *(f"7x7dbl_{i}" for i in (1, 2, 3, 4, 5)), "_pool")
    d = ("3x3_1", "3x3_2", *(f"7x7x3_{i}" for i in (1, 2, 3, 4)))
    e = ("1x1", "3x3_1", "3x3_2a", "3x3_2b", *double[:2], "3x3dbl_3a", "3x3dbl_3b", "_pool")
    blocks = {"5b": a, "5c": a, "5d": a, "6a": b, "6b": c, "6c": c, "6d": c, "6e": c, "7a": d, "7b": e, "7c": e}
    mixed = (f"Mixed_{block}.branch{branch}" for block, branches in blocks.items() for branch in branches)
    for name in (*(f"Conv2d_{part}" for part in stem), *mixed):
        yield from (f"{name}.conv", f"{name}.bn")


def _vgg(stages: tuple[int, ...]) -> Iterator[str]:
    """Each convolution of the ``stages`` has a ReLU after it, and each stage a pooling."""
    place = 0
    for count in stages:
        yield from (f"features.{place + 2 * i}" for i in range(count))
        place += 2 * count + 1


def _alexnet() -> Iterator[str]:
    yield from (f"features.{i}" for i in (0, 3, 6, 8, 10))
    yield from ("classifier.1", "classifier.4")


def _efficientnet_lite(trunk: str) -> Iterator[str]:
    """The names of the packages that pip brings."""
    yield from ("_conv_stem", "_bn0")
    for i, (_, _, expansion, _) in enumerate(efficientnet_lite.blocks(trunk)):
        parts = ("_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2")
        yield from (f"_blocks.{i}.{part}" for part in (parts if expansion > 1 else parts[2:]))
    yield from ("_conv_head", "_bn1")


# Classifiers whose names begin as those of layers that a trunk has.
_CLASSIFIERS = {"alexnet": "classifier.6."}

# The layouts in which checkpoints of a trunk come: generators of the names of its modules, in the trunk's own order.
_LAYOUTS: dict[str, tuple[Callable[[], Iterator[str]], ...]] = {
    "resnet18_v1b": (partial(_resnet, (2, 2, 2, 2), 2),),
    "resnet34_v1b": (partial(_resnet, (3, 4, 6, 3), 2),),
    "resnet50_v1b": (partial(_resnet, (3, 4, 6, 3), 3),),
    "resnet101_v1b": (partial(_resnet, (3, 4, 23, 3), 3),),
    "resnet152_v1b": (partial(_resnet, (3, 8, 36, 3), 3),),
    "resnext50_32x4d": (partial(_resnet, (3, 4, 6, 3), 3),),
    "se_resnext50_32x4d": (partial(_resnet, (3, 4, 6, 3), 3, squeeze=True),),
    "mobilenetv2_1.0": (_mobilenetv2_torchvision, _mobilenetv2_timm),
    "densenet121": (partial(_densenet121, ""), partial(_densenet121, ".")),
    "googlenet": (_googlenet,),
    "inceptionv3": (_inceptionv3,),
    "vgg16": (partial(_vgg, (2, 2, 3, 3, 3)),),
    "vgg19": (partial(_vgg, (2, 2, 4, 4, 4)),),
    "alexnet": (_alexnet,),
    **{name: (partial(_efficientnet_lite, name),) for name in efficientnet_lite.SCALES},
}
