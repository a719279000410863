"""ROxford5k, Oxford5k revisited: 70 queries ask 4,993 photographs, by grades (Radenovic et al. 2018).

What a query finds is easy, hard or junk; the photographs of the queries are not in the gallery.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.landmarks import buildings

COUNTS = {"query": 70, "gallery": 4_993}
SPLITS = buildings.SPLITS
PUBLISHED = buildings.Published(
    name="roxford5k",
    title="ROxford5k",
    source="gnd_roxford5k.pkl comes from http://cmp.felk.cvut.cz/revisitop, photographs from"
    " https://www.robots.ox.ac.uk/~vgg/data/oxbuildings",
    revisited=True,
    old="oxford5k",
)


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in ``root``, or in ``test/roxford5k``, ``datasets/roxford5k`` or ``roxford5k`` within it.

    Read is ``gnd_roxford5k.pkl``; the photographs lie in ``jpg`` or in the folder itself, at any depth, or in the
    folder of Oxford5k beside it. ``split`` is "alone", or "1m" for the gallery with a million distractors, those of
    ``revisitop1m/revisitop1m.txt`` in ``revisitop1m/jpg`` beside the folder. See ``buildings.load`` for the rows of
    queries and what raises InputError.
    """
    return buildings.load(root, PUBLISHED, COUNTS, boxes=boxes, split=split or buildings.ALONE)
