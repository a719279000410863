"""Wanted: how a foreign ONNX encoder wants its pictures, as flags, its metadata or a file beside it tell."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from embedding.batches.decode import parse_size, show_size

Colour = tuple[float, float, float]

_IMAGENET: tuple[Colour, Colour] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
_CONFIG = "preprocessor_config.json"  # beside an encoder of Hugging Face, or in the folder above
RANGES = ("", "1", "255")


@dataclass(frozen=True)
class Asked:
    """What the flags say; "" where they leave it to the file.

    image_size : 224 or 256x128
    mean, std : one number, or three for red, green and blue
    range : of the values that mean and std are of, 1 or 255; 255 if not given where one of them is above 1
    output : name of the output that is the vector
    pool : of a sequence of tokens, class or mean
    """

    image_size: str = ""
    mean: str = ""
    std: str = ""
    range: str = ""
    output: str = ""
    pool: str = ""


@dataclass(frozen=True)
class Wanted:
    """Sides of pictures, and the mean and deviation of values 0..255 that they are normalised by.

    told : where that comes from, in words
    """

    size: tuple[int, int]
    mean: Colour
    deviation: Colour
    told: str


def wanted(path: Path, asked: Asked, words: Mapping[str, str], *, fixed: tuple[int, int] | None) -> Wanted:
    """How the encoder in ``path`` wants its pictures.

    words : the file's metadata
    fixed : height and width, where the graph takes no other
    Raises InputError where nothing tells the size, or two things differ, or a flag cannot be read.
    """
    config, source = _told_beside(path, words)
    size = _size(path, asked, config, fixed)
    (mean, deviation), source = _colours(asked, config, source)
    told = f"{show_size(size)} pixels, mean {_said(mean)}, deviation {_said(deviation)} of 0..255 ({source})"
    return Wanted(size, mean, deviation, told)


def _told_beside(path: Path, words: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """What the metadata or a file beside ``path`` tell, as Hugging Face words it, and where they do."""
    if {"image_mean", "image_std"} <= set(words):
        return {key: _parsed(value) for key, value in words.items()}, "its metadata"
    if {"mean", "std"} <= set(words):
        renamed = {"image_mean": words["mean"], "image_std": words["std"], "size": words.get("size", "")}
        return {key: _parsed(value) for key, value in renamed.items()}, "its metadata"
    for folder in (path.parent, path.parent.parent):
        try:
            found = json.loads((folder / _CONFIG).read_text())
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found, _CONFIG
    return {}, ""


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _size(path: Path, asked: Asked, config: Mapping[str, Any], fixed: tuple[int, int] | None) -> tuple[int, int]:
    given = parse_size(asked.image_size, "--image-size") if asked.image_size else None
    if fixed and given and fixed != given:
        what = f"{path} takes pictures of {show_size(fixed)} pixels and no others"
        raise InputError(f"--image-size={asked.image_size}: {what}; leave it out")
    found = given or fixed or _size_told(config.get("crop_size")) or _size_told(config.get("size"))
    if found is None:
        raise InputError(f"{path}: does not tell the size of its pictures; give --image-size, such as 224")
    return found


def _size_told(told: Any) -> tuple[int, int] | None:
    """Of 224, "224x224", {"height": 224, "width": 224} or {"shortest_edge": 224}."""
    if isinstance(told, dict):
        edge = told.get("shortest_edge")
        told = (told.get("height", edge), told.get("width", edge))
        if not all(isinstance(side, int) for side in told):
            return None
    try:
        return parse_size(told, "size") if told else None
    except (InputError, TypeError, ValueError):
        return None


def _colours(asked: Asked, config: Mapping[str, Any], source: str) -> tuple[tuple[Colour, Colour], str]:
    if asked.range not in RANGES:
        raise InputError(f"--range={asked.range}: must be 1, for values of 0..1, or 255")
    if not asked.mean and not asked.std and not asked.range:
        return _colours_told(config, source)
    if bool(asked.mean) != bool(asked.std):
        missing = "--std" if asked.mean else "--mean"
        raise InputError(f"{missing}: give --mean and --std, or neither; --mean=0 --std=1 leaves values as they are")
    mean, deviation = (_three(flag, getattr(asked, flag) or usual) for flag, usual in (("mean", "0"), ("std", "1")))
    if min(deviation) <= 0:
        raise InputError(f"--std={asked.std}: must be above 0")
    of_bytes = asked.range == "255" or (not asked.range and max(*mean, *deviation) > 1)
    return (mean, deviation) if of_bytes else (_times_255(mean), _times_255(deviation)), "as the flags say"


def _colours_told(config: Mapping[str, Any], source: str) -> tuple[tuple[Colour, Colour], str]:
    """The mean and deviation of values 0..255."""
    try:
        mean, deviation = (_three(key, _joined(config[key])) for key in ("image_mean", "image_std"))
        factor = float(config.get("rescale_factor") or 1 / 255) if config.get("do_rescale", True) else 1.0
    except (KeyError, TypeError, ValueError, InputError):
        mean, deviation = _IMAGENET
        source = "ImageNet's, as nothing tells another; --mean and --std do"
        return (_times_255(mean), _times_255(deviation)), source
    if not config.get("do_normalize", True):
        mean, deviation = (0.0,) * 3, (1.0,) * 3
    scaled = [tuple(value / factor for value in colour) for colour in (mean, deviation)]
    return (scaled[0], scaled[1]), source


def _joined(told: Any) -> str:
    return ",".join(map(str, told)) if isinstance(told, list | tuple) else str(told)


def _three(flag: str, text: str) -> Colour:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3) or not all(map(math.isfinite, numbers)):
        raise InputError(f"--{flag}={text}: give one number, or three with commas between, for red, green and blue")
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def _times_255(colour: Colour) -> Colour:
    red, green, blue = (255 * value for value in colour)
    return red, green, blue


def _said(colour: Colour) -> str:
    return ",".join(f"{value:g}" for value in (colour if len(set(colour)) > 1 else colour[:1]))
