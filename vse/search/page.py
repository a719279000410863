"""The page of a search: sentences with the pictures found for them, or a picture with the sentences found for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from embedding.report.page import readable, render, write
from embedding.report.plots import Tile, grid_of_nearest
from embedding.report.thumbnails import Thumbnails, jpeg, read_thumbnail
from embedding.search.found import Hit

_TEMPLATE = Path(__file__).parent / "templates" / "search.html.j2"
_SIDE = 224  # pixels of a picture, shown smaller, so that dense screens have some to spare
_SHOWN = 120  # pictures of a sentence on the page
_ACROSS = 8  # pictures of a sentence in the grid

# What was found, best first, for each sentence; or for the one picture.
Found = Mapping[str, Sequence[Hit]]


@dataclass(frozen=True)
class Source:
    """What was searched: ``run`` is the folder of the network; ``facts`` say what it searched, and how."""

    run: str
    facts: Sequence[str]


_large = partial(read_thumbnail, side=_SIDE)


def write_pictures(
    folder: Path, found: Found, source: Source, *, grid: bool = False, thumbnails: Thumbnails = _large
) -> Path:
    """Write ``folder``/index.html, which needs nothing beside it: every sentence with its pictures; returns its path.

    grid : whether to write grid.png too, a row a sentence with its first eight pictures
    thumbnails : name of an image -> (s, s, 3) uint8 RGB

    At most 120 pictures of a sentence are shown. Raises InputError where the folder cannot be written.
    """
    shown = {sentence: [_shown(hit, thumbnails) for hit in hits[:_SHOWN]] for sentence, hits in found.items()}
    counts = {sentence: len(hits) for sentence, hits in found.items()}
    title = next(iter(found)) if len(found) == 1 else f"{len(found)} sentences"
    page = render(_TEMPLATE, title=readable(title), source=source, pictures=shown, counts=counts)
    return write(folder, page, {"grid": _grid(found, thumbnails)} if grid else {})


def write_sentences(
    folder: Path, image: str, hits: Sequence[Hit], source: Source, *, thumbnails: Thumbnails = _large
) -> Path:
    """The same the other way round: the picture ``image`` with the sentences that were found for it."""
    sentences = [{"name": readable(hit.name), "score": hit.score} for hit in hits]
    page = render(_TEMPLATE, title=readable(image), source=source, picture=jpeg(thumbnails(image)), sentences=sentences)
    return write(folder, page, {})


def _shown(hit: Hit, thumbnails: Thumbnails) -> dict[str, str | float]:
    name = readable(hit.name)
    return {"name": name, "short": name.rpartition("/")[2], "score": hit.score, "jpeg": jpeg(thumbnails(hit.name))}


def _grid(found: Found, thumbnails: Thumbnails) -> bytes:
    """As PNG; letters that no font has are boxes, see ``embedding.report.fonts``."""
    return grid_of_nearest(
        [
            (readable(sentence), [Tile(thumbnails(hit.name), f"{hit.score:.3f}", None) for hit in hits[:_ACROSS]])
            for sentence, hits in found.items()
        ]
    )
