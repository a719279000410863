"""Networks of cirtorch (github.com/filipradenovic/cnnimageretrieval-pytorch): its checkpoints, and off-the-shelf."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from embedding.mx import gluon, mx, nd
from embedding.network import weights
from embedding.network.checkpoint import contents, read
from embedding.network.instance_head import exponent, instance_net
from embedding.network.net import Net, see_blank
from embedding.network.regions import Regional

log = logging.getLogger(__name__)

_SITE = "http://cmp.felk.cvut.cz/cnnimageretrieval/data"
_SFM, _GL18 = "networks/retrieval-SfM-120k", "networks/gl18"

# Of each network that it names: the folder on its site, and the end of the file's name.
PUBLISHED = {
    "retrievalSfM120k-vgg16-gem": (_SFM, "b4dcdc6"),
    "retrievalSfM120k-resnet101-gem": (_SFM, "b80fb85"),
    "rSfM120k-tl-resnet50-gem-w": (_SFM, "97bf910"),
    "rSfM120k-tl-resnet101-gem-w": (_SFM, "a155e54"),
    "rSfM120k-tl-resnet152-gem-w": (_SFM, "f39cada"),
    "gl18-tl-resnet50-gem-w": (_GL18, "83fdc30"),
    "gl18-tl-resnet101-gem-w": (_GL18, "a4d43db"),
    "gl18-tl-resnet152-gem-w": (_GL18, "21278d5"),
}

# Parts of trunks in the order in which it counts them.
_DENSENET = ("conv0", "norm0", "relu0", "pool0", "denseblock1", "transition1", "denseblock2", "transition2")
_DENSENET += ("denseblock3", "transition3", "denseblock4", "norm5")
_RESNET = ("conv1", "bn1", "relu", "maxpool", "layer1", "layer2", "layer3", "layer4")

_PARTS = ("local_whitening", "regional", "whitening")
_BLANK = 96  # pixels, large enough for all trunks


@dataclass(frozen=True)
class Loaded:
    """A network of cirtorch, and what it says of it."""

    net: Net
    described: "Meta"


@dataclass(frozen=True)
class Meta:
    """What a checkpoint says of its network, in cirtorch's names; mean and std of RGB values of 0..1."""

    architecture: str
    pooling: str
    local_whitening: bool = False
    regional: bool = False
    whitening: bool = False
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)

    def __str__(self) -> str:
        more = [part for part in _PARTS if getattr(self, part)]
        return ", ".join((self.architecture, self.pooling, *more)).replace("_", " ")


def load(path: str | Path, devices: list[mx.Context]) -> Loaded:
    """The network of a checkpoint of cirtorch on ``devices``, compiled.

    Raises InputError, one line, for a file that is none, or whose parts are not all there or of another shape.
    """
    content = of_file(path)
    described = _meta(content["meta"], path)
    net = _net(described, devices, path)
    state = content.get("state_dict")
    _fill(net, described, state if isinstance(state, dict) else {}, path)
    net.hybridize(static_alloc=True, static_shape=True)
    return Loaded(net, described)


def of_file(path: str | Path) -> dict[str, Any]:
    """What a checkpoint of cirtorch holds, with its ``meta``; raises InputError where it is none."""
    content = contents(path)
    if not isinstance(content, dict) or not isinstance(content.get("meta"), dict):
        what = "is no checkpoint of cirtorch: it has no 'meta'"
        raise InputError(f"weights file {path} {what}; --use-pretrained takes a trunk's weights")
    return content


def find(named: str, data: Path = Path("data")) -> Path:
    """The file that --network-path names: itself, or for a name of PUBLISHED the one in ``data``/networks.

    Raises InputError where that is not there, with the place to download it from.
    """
    if named not in PUBLISHED:
        return Path(named)
    folder, end = PUBLISHED[named]
    path = data / "networks" / f"{named}-{end}.pth"
    if not path.is_file():
        raise InputError(f"--network-path={named}: there is no {path}; download it from {_SITE}/{folder}/{path.name}")
    return path


def off_the_shelf(named: str, devices: list[mx.Context], data: Path = Path("data")) -> Loaded:
    """The network that cirtorch calls so, resnet101-gem-reg-lwhiten-whiten: trained for nothing but ImageNet.

    The trunk's weights are those of Caffe in ``data``/networks, or else what --use-pretrained=auto finds; whitening
    layers lie in ``data``/whiten. Without one of theirs, regions are not whitened. Raises InputError where something
    is missing, or no such network is.
    """
    flag = f"--network-offtheshelf={named}"
    architecture, *rest = named.split("-")
    pooling, *suffixes = rest or [""]
    if not pooling or not set(suffixes) <= {"reg", "lwhiten", "whiten"}:
        raise InputError(f"{flag}: name a trunk, a pooling, and then reg, lwhiten, whiten: resnet101-gem-reg-whiten")
    described = Meta(architecture, pooling, *(suffix in suffixes for suffix in ("lwhiten", "reg", "whiten")))
    net = _net(described, devices, flag)
    _fill_trunk(net, architecture, data / "networks")
    for layer, file, must in _whitening_layers(net, described):
        found = sorted((data / "whiten").glob(f"retrieval-SfM-120k-{file}-*.pth"))
        if not found:
            none = f"{flag}: no {data}/whiten/retrieval-SfM-120k-{file}-*.pth"
            if must:
                raise InputError(f"{none}; where there is one, it is in {_SITE}/whiten/retrieval-SfM-120k")
            log.warning("%s: regions are not whitened", none)
        for path in found[:1]:
            _set(layer, read(path), "", path)
    net.hybridize(static_alloc=True, static_shape=True)
    return Loaded(net, described)


def _meta(meta: dict[str, Any], path: str | Path) -> Meta:
    try:
        colours = [tuple(float(number) for number in meta[name]) for name in ("mean", "std")]
        parts = {part: bool(meta.get(part, False)) for part in _PARTS}
        found = Meta(str(meta["architecture"]), str(meta["pooling"]), **parts, mean=colours[0], std=colours[1])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"weights file {path}: its meta lacks or garbles {error}; save it again by cirtorch") from None
    if len(found.mean) != 3 or len(found.std) != 3 or not min(found.std) > 0:
        raise InputError(f"weights file {path}: mean and std in its meta must be three numbers, std above 0")
    return found


def _net(described: Meta, devices: list[mx.Context], source: str | Path) -> Net:
    """The network as described, with first weights on ``devices``."""
    parts = {part: getattr(described, part) for part in _PARTS}
    try:
        net = instance_net(described.architecture, described.pooling, **parts)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    net.initialize(mx.init.Xavier(), ctx=devices)
    see_blank(net, _BLANK, devices, flag="--image-size")
    net.encoder.mean.set_data(nd.array(described.mean).reshape((1, 1, 1, 3)) * 255)
    net.encoder.deviation.set_data(nd.array(described.std).reshape((1, 1, 1, 3)) * 255)
    return net


def _fill(net: Net, described: Meta, state: dict[str, Any], path: str | Path) -> None:
    """Set all weights of ``net`` from a state of cirtorch's network."""
    arrays = {str(name): value for name, value in state.items() if isinstance(value, np.ndarray)}
    trunk = {name: arrays.pop(name) for name in list(arrays) if name.startswith("features.")}
    weights.place(net.encoder.trunk, _renamed(trunk, described.architecture), path)
    pool = net.encoder.pool
    if (power := exponent(net)) is not None:
        _put(power, arrays, "pool.rpool.p" if isinstance(pool, Regional) else "pool.p", path)
    layers = {"pool.whiten.": getattr(pool, "whiten", None), "lwhiten.": net.encoder.local, "whiten.": net.head.whiten}
    for prefix, layer in layers.items():
        if layer is not None:
            _set(layer, arrays, prefix, path)
    if arrays:
        raise InputError(f"weights file {path}: it has {min(arrays)} too, which does not fit its meta ({described})")


def _fill_trunk(net: Net, architecture: str, folder: Path) -> None:
    """Give the trunk of ``net`` the weights of ``architecture`` that Caffe trained, or those of --use-pretrained."""
    trunk = net.encoder.trunk
    found = sorted(folder.glob(f"imagenet-caffe-{architecture}-features-*.pth"))
    for path in found[:1]:
        state = {f"features.{name}": array for name, array in read(path).items()}
        log.info("%s", weights.place(trunk, _renamed(state, architecture), path))
    if not found:
        log.info("%s", weights.load(trunk, weights.find("auto", trunk.model)))


def _whitening_layers(net: Net, described: Meta) -> Iterator[tuple[gluon.Block, str, bool]]:
    """Whitening layers of ``net``, what their files are called, and whether the network is nothing without."""
    pooled = f"{described.architecture}{'-lw' * described.local_whitening}-{described.pooling}"
    if described.local_whitening:
        yield net.encoder.local, f"{described.architecture}-lwhiten", True
    if described.regional:
        yield net.encoder.pool.whiten, f"{described.architecture}-{described.pooling}-r-rwhiten", False
    if described.whitening:
        yield net.head.whiten, f"{pooled}{'-r' * described.regional}-whiten", True


def _renamed(state: dict[str, np.ndarray], architecture: str) -> dict[str, np.ndarray]:
    """A trunk's arrays, which cirtorch counts the parts of, by their names in torchvision."""
    parts = _RESNET if architecture.startswith("resnet") else ()
    if architecture.startswith("densenet"):
        parts = tuple(f"features.{part}" for part in _DENSENET)

    def name(counted: str) -> str:
        _, number, rest = [*counted.split(".", 2), ""][:3]
        known = number.isdecimal() and int(number) < len(parts)
        return f"{parts[int(number)]}.{rest}" if known else counted

    return {name(counted): array for counted, array in state.items()}


def _set(layer: gluon.Block, arrays: dict[str, np.ndarray], prefix: str, path: str | Path) -> None:
    """Weight and bias of a linear layer, which are taken out of ``arrays``."""
    _put(layer.weight, arrays, f"{prefix}weight", path)
    _put(layer.bias, arrays, f"{prefix}bias", path)


def _put(parameter: gluon.Parameter, arrays: dict[str, np.ndarray], name: str, path: str | Path) -> None:
    if name not in arrays:
        raise InputError(f"weights file {path}: it has no {name}, of which its meta speaks; save it again by cirtorch")
    array = arrays.pop(name)
    if array.shape != parameter.shape[: array.ndim] or array.size != math.prod(parameter.shape):
        raise InputError(f"weights file {path}: {name} has the shape {array.shape}, not {parameter.shape}")
    parameter.set_data(nd.array(array.reshape(parameter.shape)))
