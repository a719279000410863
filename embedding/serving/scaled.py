"""Scaled: what --multiscale and --whitening make of a network's vectors, for any command that has these flags."""

from functools import partial
from pathlib import Path

from embedding.engine.scales import joined, parse_scales
from embedding.evaluation.whiten import Whitening
from embedding.serving.openers import Opener


def check(multiscale: str, whitening: Path | None) -> None:
    """Raise InputError where a flag cannot be read."""
    scales(multiscale)
    loaded(whitening)


def over(opener: Opener, multiscale: str, whitening: Path | None) -> Opener:
    """``opener``, or what opens the same network at the scales that are asked for, with the whitening over it."""
    if not multiscale and whitening is None:
        return opener
    loader = None if whitening is None else partial(Whitening.load, whitening.resolve())
    return partial(joined, opener, scales(multiscale), loader)


def told(multiscale: str, whitening: Path | None) -> dict[str, str]:
    """What a file of such vectors tells of it; nothing where there is nothing to tell."""
    words = {}
    if multiscale:
        words["scales"] = ", ".join(f"{scale:.6g}" for scale in scales(multiscale))
    if found := loaded(whitening):
        words["whitening"] = f"{whitening}{f', learned on {found.learned_on}' if found.learned_on else ''}"
    return words


def scales(multiscale: str) -> tuple[float, ...]:
    """The scales that are asked for, (1,) if none are."""
    return parse_scales(multiscale or "1", "--multiscale")


def loaded(whitening: Path | None) -> Whitening | None:
    """The whitening that is asked for, or None."""
    return None if whitening is None else Whitening.load(whitening)
