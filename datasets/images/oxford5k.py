"""Oxford5k, 5,063 photographs of Oxford, and 55 queries that ask for 11 of its buildings (Philbin et al. 2007).

A query is a crop of one of the photographs, which stays in the gallery and is one of those to be found. Right is what
is good or ok; junk, of which a quarter is to be seen at most, counts neither way. Photographs since 2022 have blurred
faces, by which scores change a little.
"""

from pathlib import Path

from datasets.images.base import ImageSet
from datasets.landmarks import buildings

COUNTS = {"query": 55, "gallery": 5_063}
PUBLISHED = buildings.Published(
    name="oxford5k",
    title="Oxford5k",
    source="photographs and gt_files come from https://www.robots.ox.ac.uk/~vgg/data/oxbuildings",
    first_query="all_souls_1_query.txt",
)


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The set in ``root``, or in ``test/oxford5k`` or ``oxford5k`` within it.

    Read are the text files of ``gt_files`` (or of ``gt_files_170407``, or in the folder itself), or where they are not
    there ``gnd_oxford5k.pkl``; the photographs lie in ``jpg`` or in the folder itself, at any depth. See
    ``buildings.load`` for the rows of queries and what raises InputError.
    """
    return buildings.load(root, PUBLISHED, COUNTS, boxes=boxes)
