"""Plan: the command that trains a network on labels, as a person would type it, like the network that answers now."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import InputError
from web.grow import runs
from web.serving.network import Spec

LOSSES = ("margin", "triplet", "npair", "pair", "softmax")
MOST_EPOCHS = 1_000

# Flags of the training before that make the new network of the same kind, and what the commands take them as.
KEPT: Mapping[str, object] = {
    "model": "",
    "use_pretrained": "",
    "cache_features": False,
    "pool": "avg",
    "embed_dim": 128,
    "image_size": "",
    "test_size": "",
    "resize": "crop",
    "min_crop": 0.2,
    "batch_size": 80,
    "batch_k": 5,
    "lr": 1e-4,
    "wd": 1e-4,
    "optimizer": "adam",
}
_OF_CODES = ("method", "bits", "hidden")
_OF_INSTANCES = ("pool", "regional", "local_whitening", "whitening")
_PACKAGED = "efficientnet_lite0"  # weights that pip brings


@dataclass(frozen=True)
class Wish:
    """What somebody chose. loss : of ``LOSSES``, for networks of vectors; epochs : how many."""

    loss: str = "margin"
    epochs: int = 20

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise InputError(f"loss {self.loss}: must be one of {', '.join(LOSSES)}")
        if not 1 <= self.epochs <= MOST_EPOCHS:
            raise InputError(f"epochs {self.epochs}: must lie between 1 and {MOST_EPOCHS:,}")


@dataclass(frozen=True)
class Plan:
    """words : the command without "python"; note : what people should know of it, "" for nothing."""

    words: list[str]
    note: str = ""


def plan(spec: Spec, wish: Wish, *, labels: Path, run: Path, validation: bool) -> Plan:
    """The command that trains a network like that of ``spec`` on the CSV file ``labels`` into the run folder ``run``.

    validation : whether some training classes choose the best checkpoint, which takes more than a few of them
    Raises InputError where a run folder is not there any more.
    """
    script, flags, note = _like(spec, wish)
    place = {"data": "folder", "data_path": labels, "runs": run.parent, "name": run.name}
    more = {"epochs": wish.epochs} | ({} if validation or "bits" in flags else {"validation": 0})
    words = [_flag(name, value) for name, value in {**place, **flags, **more}.items()]
    return Plan([f"scripts/train_{script}.py", *words], note)


def _flag(name: str, value: object) -> str:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    return f"--{flag}={value}"


def _like(spec: Spec, wish: Wish) -> tuple[str, dict[str, object], str]:
    """The script, the flags of the network, and a note."""
    if spec.kind == "trunk":
        return wish.loss, _of_trunk(spec), ""
    if spec.kind != "run":
        note = f"an ONNX file cannot be trained: {_PACKAGED}, with a new head, is; the answers are of another network"
        return wish.loss, {"use_pretrained": _PACKAGED, "cache_features": True}, note
    return _of_run(runs.options(Path(spec.path)), wish)


def _of_trunk(spec: Spec) -> dict[str, object]:
    flags = {"model": spec.model, "use_pretrained": spec.use_pretrained, "pool": spec.pool}
    flags |= {"image_size": spec.image_size, "resize": spec.resize}
    usual = ("", "avg", "crop", "own")
    return {name: value for name, value in flags.items() if value not in usual} | {"cache_features": True}


def _of_run(options: Mapping[str, object], wish: Wish) -> tuple[str, dict[str, object], str]:
    if "word_dim" in options:
        note = "this network learns from captions, which labels are not: the new one will know no sentences"
        flags = _differing(options, ("model", "use_pretrained", "image_size"))
        whole = not flags.get("use_pretrained")
        return wish.loss, flags | ({"lr": 1e-3} if whole else {"cache_features": True}), note
    if "bits" in options:
        kept = [name for name in KEPT if name not in ("embed_dim", "batch_size", "batch_k", "lr", "wd")]
        return "hash", _differing(options, kept) | _there(options, _OF_CODES), ""
    if "neg_num" in options:
        kept = ("model", "use_pretrained", "image_size", "test_size")
        return "instance", _differing(options, kept) | _there(options, _OF_INSTANCES), ""
    flags = _differing(options, tuple(KEPT))
    return wish.loss, flags | ({} if options.get("flip", True) else {"flip": False}), ""


def _differing(options: Mapping[str, object], names: tuple[str, ...] | list[str]) -> dict[str, object]:
    """Those of ``names`` that are not as the commands take them anyway."""
    found = {name: options.get(name) for name in names}
    if found.get("test_size") == found.get("image_size"):
        found.pop("test_size", None)
    return {name: value for name, value in found.items() if value not in (None, "", KEPT[name])}


def _there(options: Mapping[str, object], names: tuple[str, ...]) -> dict[str, object]:
    return {name: options[name] for name in names if options.get(name) not in (None, "", 0, False)}
