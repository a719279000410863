"""Scenes, the built-in set: drawn pictures of coloured shapes with five captions each; nothing to download.

A picture shows two things, each one to three shapes of one kind, that is, of one colour and one shape; its captions
name colours, shapes, sizes, counts, places and what is left of, above ... what. A pair of kinds is in one part only, so
that dev and test show combinations that were not trained on (see ``datasets.drawing.scene``). Within dev, and within
test, every scene has a pair of its own: a caption that names both kinds fits one picture, and all but one in twelve
do; the others leave one shape open.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from datasets.captions.base import PARTS, CaptionSet
from datasets.drawing.pictures import SIDE, picture
from datasets.drawing.scene import deal
from datasets.drawing.sentences import CAPTIONS, sentences

SEED = 0
COUNTS = {"train": 3_000, "dev": 300, "test": 500}


def load(root: str | Path | None = None) -> CaptionSet:
    """The scenes, bit for bit the same on every call; ``root`` is ignored.

    ``images`` is a read-only array (3800, 64, 64, 3) uint8: first those to train on, then dev, then test.
    """
    return _generated()


@lru_cache(maxsize=1)
def _generated() -> CaptionSet:
    rng = np.random.default_rng(SEED)
    dealt = deal(rng, **COUNTS)
    scenes = [scene for part in PARTS for scene in dealt[part]]
    images = np.stack([picture(scene, rng) for scene in scenes])
    images.flags.writeable = False  # one array is shared by all who load the set
    ends = np.cumsum([COUNTS[part] for part in PARTS])
    return CaptionSet(
        name="scenes",
        images=images,
        captions=tuple(sentence for scene in scenes for sentence in sentences(scene, rng)),
        image_of=np.repeat(np.arange(len(scenes), dtype=np.int64), CAPTIONS),
        size=SIDE,
        **dict(zip(PARTS, np.split(np.arange(len(scenes)), ends[:-1]), strict=True)),
    ).check()
