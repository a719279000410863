"""Paris6k, 6,392 photographs of Paris, and 55 queries that ask for 11 of its buildings (Philbin et al. 2008).

Twenty more photographs of its archives are damaged, and by custom are left out, as they are here.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.landmarks import buildings

COUNTS = {"query": 55, "gallery": 6_392}
_DAMAGED = {
    "louvre": (136, 146),
    "moulinrouge": (422,),
    "museedorsay": (1059,),
    "notredame": (188,),
    "pantheon": (284, 960, 974),
    "pompidou": (195, 196, 201, 467, 640),
    "sacrecoeur": (299, 330, 353),
    "triomphe": (662, 833, 863, 867),
}
PUBLISHED = buildings.Published(
    name="paris6k",
    title="Paris6k",
    source="photographs and ground truth come from https://www.robots.ox.ac.uk/~vgg/data/parisbuildings",
    first_query="defense_1_query.txt",
    unreadable=tuple(f"paris_{name}_{number:06d}" for name, numbers in _DAMAGED.items() for number in numbers),
)


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in ``root``, or in ``test/paris6k`` or ``paris6k`` within it.

    Read are the text files of ``gt_files`` (or of ``paris_120310``, or in the folder itself), or where they are not
    there ``gnd_paris6k.pkl``; the photographs lie in ``jpg`` or in the folder itself, at any depth. See
    ``buildings.load`` for the rows of queries and what raises InputError.
    """
    return buildings.load(root, PUBLISHED, COUNTS, boxes=boxes)
