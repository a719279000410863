"""Scaled: what --multiscale and --whitening make of a network's vectors, for any command that has these flags."""

from functools import partial
from pathlib import Path
from typing import Protocol

from embedding.engine.scales import joined, parse_scales
from embedding.evaluation.whiten import Whitening
from embedding.serving.openers import Opener


class Scaled(Protocol):
    """The flags; see scripts/extract.py."""

    multiscale: str
    whitening: Path | None


def check(options: Scaled) -> None:
    """Raise InputError where a flag cannot be read."""
    scales(options)
    whitening(options)


def over(options: Scaled, opener: Opener) -> Opener:
    """``opener``, or what opens the same network at the scales that are asked for, with the whitening over it."""
    if not options.multiscale and options.whitening is None:
        return opener
    loader = None if options.whitening is None else partial(Whitening.load, options.whitening.resolve())
    return partial(joined, opener, scales(options), loader)


def told(options: Scaled) -> dict[str, str]:
    """What a file of such vectors tells of it; nothing where there is nothing to tell."""
    words = {}
    if options.multiscale:
        words["scales"] = ", ".join(f"{scale:.6g}" for scale in scales(options))
    if found := whitening(options):
        words["whitening"] = f"{options.whitening}{f', learned on {found.learned_on}' if found.learned_on else ''}"
    return words


def scales(options: Scaled) -> tuple[float, ...]:
    """The scales that are asked for, (1,) if none are."""
    return parse_scales(options.multiscale or "1", "--multiscale")


def whitening(options: Scaled) -> Whitening | None:
    """The whitening that is asked for, or None."""
    return None if options.whitening is None else Whitening.load(options.whitening)
