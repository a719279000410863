"""Scenes, the built-in set: drawn pictures with sentences about them; their labels are what is drawn.

A pair is a picture and its five sentences; its labels are the two kinds of things that it shows, such as "red circle",
of sixty. The pictures and sentences are those of the caption set of the same name: test pairs show combinations of
kinds that were not trained on.
"""

from itertools import product
from pathlib import Path

import numpy as np

from datasets.captions import scenes
from datasets.captions.base import PARTS
from datasets.drawing.scene import COLOURS, SHAPES, Scene, deal
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.pairs.base import PairSet

KINDS = tuple(product(COLOURS, SHAPES))


def load(root: str | Path | None = None, *, texts: str = "") -> PairSet:
    """The scenes, the same on every call; ``root`` is ignored. The test part asks, all others answer."""
    if texts:
        raise InputError(f"--texts={texts}: scenes has one kind of texts; leave it out")
    found = scenes.load()
    dealt = deal(np.random.default_rng(scenes.SEED), **scenes.COUNTS)
    told = [found.captions[i : i + 5] for i in range(0, len(found.captions), 5)]
    pictures = ImageSet(
        name=found.name,
        images=found.images,
        labels=np.stack([_shown(scene) for part in PARTS for scene in dealt[part]]),
        class_names=tuple(" ".join(kind) for kind in KINDS),
        train=found.train,
        query=found.test,
        gallery=np.concatenate([found.train, found.dev]),
        size=found.size,
    )
    return PairSet(pictures, tuple("\n".join(sentences) for sentences in told)).check()


def _shown(scene: Scene) -> np.ndarray:
    """(60,) bool: which kinds of things a scene shows."""
    shown = {(thing.colour, thing.shape) for thing in scene}
    return np.array([kind in shown for kind in KINDS])
