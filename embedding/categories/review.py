"""The review page of proposed categories: clusters as rows of thumbnails, to accept, rename or reject."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import jinja2
import numpy as np

from datasets.files.whole import write_page
from embedding.categories.manifest import COLUMNS, Manifest, labels, members
from embedding.categories.mine import Mined
from embedding.categories.unlabelled import Unlabelled, name_of
from embedding.report.page import readable
from embedding.report.thumbnails import Thumbnails, jpeg, read_thumbnail

# A row of the table at the top: what it is under "row", clusters, and scores by name.
Scores = dict[str, float | int | str]

_TEMPLATES = Path(__file__).parent / "templates"
_CLUSTERS, _KNOWN_CLASSES = 200, 60  # on a page
_IN_CLUSTER, _IN_KNOWN, _IN_NOISE = 24, 12, 120  # thumbnails
_SIDE = 84  # pixels of a thumbnail, shown at three quarters so that dense screens have some to spare


@dataclass(frozen=True)
class Tile:
    """A thumbnail as JPEG in base64; ``stray`` where it has not the cluster's most common true class."""

    jpeg: str
    title: str
    stray: bool = False


@dataclass(frozen=True)
class Row:
    """A cluster, or the images taken for a known class, as the page shows it."""

    label: str
    size: int
    tiles: list[Tile]
    confidence: float = 0.0
    kept: bool = False
    truth: str = ""
    truth_share: float = 0.0


def write_review(
    folder: Path,
    images: Unlabelled,
    mined: Mined,
    manifest: Manifest,
    *,
    known_names: tuple[str, ...] = (),
    scores: Sequence[Scores] = (),
    thumbnails: Thumbnails = read_thumbnail,
) -> Path:
    """Write ``folder``/index.html, which needs nothing beside it, and return its path.

    known_names : of the known classes by label
    scores : rows of the table at the top, those of the proposals first; none where there is no truth
    thumbnails : name of an image -> (s, s, 3) uint8 RGB

    At most 200 clusters of 24 images each are shown, and the page says so. Raises InputError where the folder cannot
    be written.
    """
    proposals = mined.proposals
    noise = np.flatnonzero(proposals.noise)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page = environment.get_template("categories.html.j2").render(
        title=readable(images.title),
        count=len(images),
        facts=mined.facts,
        scores=scores,
        clusters=_clusters(images, mined, manifest, thumbnails),
        cluster_count=len(proposals.confidences),
        in_clusters=int(proposals.sizes.sum()),
        known=_known(images, mined, known_names, thumbnails),
        known_count=int((proposals.known >= 0).sum()),
        noise=[_tile(images, row, thumbnails) for row in _spread(noise, _IN_NOISE)],
        noise_count=len(noise),
        columns=",".join(COLUMNS),
        lines=manifest.lines,
    )
    return write_page(folder, page)


def _clusters(images: Unlabelled, mined: Mined, manifest: Manifest, thumbnails: Thumbnails) -> list[Row]:
    proposals, rows = mined.proposals, []
    kept = manifest.labels
    for cluster, label in enumerate(labels(proposals)[:_CLUSTERS]):
        found = members(proposals, cluster)
        truth, share, common = _truth(images, found)
        tiles = [_tile(images, row, thumbnails, common) for row in _spread(found, _IN_CLUSTER)]
        confidence = float(proposals.confidences[cluster])
        rows.append(Row(label, len(found), tiles, confidence, label in kept, truth, share))
    return rows


def _known(images: Unlabelled, mined: Mined, names: tuple[str, ...], thumbnails: Thumbnails) -> list[Row]:
    """The known classes that most images are taken for."""
    marks = mined.proposals.known
    rows = []
    for label, size in Counter(marks[marks >= 0].tolist()).most_common(_KNOWN_CLASSES):
        shown = _spread(np.flatnonzero(marks == label), _IN_KNOWN)
        rows.append(Row(readable(name_of(names, label)), size, [_tile(images, row, thumbnails) for row in shown]))
    return rows


def _truth(images: Unlabelled, rows: np.ndarray) -> tuple[str, float, int | None]:
    """The most common true class of the rows: its name, their share of it, and its label."""
    if images.labels is None:
        return "", 0.0, None
    label, count = Counter(images.labels[rows].tolist()).most_common(1)[0]
    return readable(images.class_name(label)), count / len(rows), label


def _tile(images: Unlabelled, row: int, thumbnails: Thumbnails, common: int | None = None) -> Tile:
    image = cv2.resize(thumbnails(images.paths[row]), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    title, stray = images.paths[row], False
    if images.labels is not None:
        title += f": {images.class_name(images.labels[row])}"
        stray = common is not None and images.labels[row] != common
    return Tile(jpeg(image), readable(title), bool(stray))


def _spread(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the rows, from the first to the last evenly: the least alike are what a reviewer looks for."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.int64)]
