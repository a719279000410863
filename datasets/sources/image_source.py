"""The image set that a command is told of: by its name, its folder, and which of its splits."""

from pathlib import Path

from datasets import images
from datasets.errors import InputError
from datasets.images.base import ImageSet

DATA = Path("data")

OWN = ("folder", "labelled")  # the user's own split, which nobody has looked at yet
WHITEN = "whiten"  # the split of pairs that a whitening is learned from
_NEED_A_PATH = (*OWN, "files", "instances", "sketches")  # they are whatever stands there


FLAGS = ("--data", "--data-path")


def load(
    data: str, path: Path | None, *, boxes: bool = False, split: str = "", flags: tuple[str, str] = FLAGS
) -> ImageSet:
    """The image set that --data and --data-path name, from data/ without a path.

    split : one of the set's own ``SPLITS``; "" for the one that ``data`` names (cifar10-0), or its usual one
    flags : what the two are called, where they are called otherwise
    Raises InputError where it cannot be read, or has no such split.
    """
    made = images.get(data)
    which = {"boxes": boxes}
    if split := split or images.split_of(data):
        which |= {"split": _known(split, data, getattr(made, "SPLITS", ()))}
    if path or data in _NEED_A_PATH:
        return made.load(path, **which)
    DATA.mkdir(exist_ok=True)  # some sets fetch themselves into it
    try:
        return made.load(DATA, **which)
    except InputError as error:
        raise InputError(f"{flags[0]}={data} without {flags[1]}, so looked for in {DATA}/: {error}") from None


def load_for_whitening(data: str, path: Path | None, *, flags: tuple[str, str] = FLAGS) -> ImageSet:
    """The same, to learn a whitening on: where the set has pairs published for that, its split "whiten", these."""
    has_its_own = WHITEN in getattr(images.get(data), "SPLITS", ()) and not images.split_of(data)
    return load(data, path, split=WHITEN if has_its_own else "", flags=flags)


def is_for_whitening(found: ImageSet) -> bool:
    """Whether a set is no more than the pairs that are published to learn a whitening from, all of which are meant."""
    return images.split_of(found.name) == WHITEN


def named_for_whitening(data: str) -> str:
    """What a whitening that is learned on ``data`` is kept as: one name for a set and for its pairs for that."""
    return images.canonical(data) if images.split_of(data) == WHITEN else images.asking(data)


def _known(split: str, data: str, splits: tuple[str, ...]) -> str:
    if split not in splits:
        known = f"known are {', '.join(splits)}" if splits else "it has one split alone; leave it out"
        raise InputError(f"--split={split}: {data} has no such split; {known}")
    return split
