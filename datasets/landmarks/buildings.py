"""Buildings: Oxford5k, Paris6k and their revisited forms, pictures of a city that are asked for by crops of some."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from datasets.errors import InputError
from datasets.files.tree import PassedOver
from datasets.images.base import ImageSet
from datasets.landmarks import ground_truth
from datasets.landmarks.ground_truth import GroundTruth
from datasets.lists import pictures, reading

log = logging.getLogger(__name__)

TEXTS = ("gt_files", "gt_files_170407", "paris_120310", "")  # the folders of ground truth as it is unpacked
ALONE, MILLION = SPLITS = ("alone", "1m")
DISTRACTORS = "revisitop1m"  # the folder of the million, with its list <folder>.txt and its pictures in jpg
PUBLISHED_DISTRACTORS = 1_001_001
NOTHING = ""  # the class of pictures that no query asks for


@dataclass(frozen=True)
class Published:
    """What is published of a set.

    name, title : what it is called, by us and by its authors; source : where it comes from
    revisited : whether its ground truth has grades; old : the set whose pictures it asks for, its own name unless so
    first_query : the file of text that a folder of its ground truth has; unreadable : pictures that nobody counts
    """

    name: str
    title: str
    source: str
    revisited: bool = False
    old: str = ""
    first_query: str = ""
    unreadable: tuple[str, ...] = ()

    @property
    def pickle(self) -> str:
        return f"gnd_{self.name}.pkl"


def load(
    root: str | Path | None, published: Published, counts: dict[str, int], *, boxes: bool, split: str = ALONE
) -> ImageSet:
    """The set in ``root``, ``root/test/<set>``, ``root/datasets/<set>`` or ``root/<set>``.

    Its pictures are those in ``jpg`` at any depth, or in the folder itself; of a revisited set also those of the old
    set in the folder beside it. Query i is row G + i of the images, its picture once more, to be cropped to its box.
    Labels are what queries ask for: those that share a picture ask for the same.
    Raises InputError naming the file, pictures that are missing, or counts that are not those of the set.
    """
    folder = _folder(root, published)
    if boxes:
        raise InputError(f"{folder}: {published.title} crops its queries to their boxes always; do not ask for crops")
    if split not in SPLITS:
        raise InputError(f"--split={split}: {published.name} has the splits {', '.join(SPLITS)}")
    paths = _pictures(folder, published)
    found = _ground_truth(folder, published, paths)
    _check_counts(folder, published, counts, found)
    images = [_path(folder, paths, name) for name in (*found.gallery, *found.asked)]
    labels, class_names = _labels(found)
    ends = (len(found.gallery), len(images))
    image_set = ImageSet(
        name=published.name,
        images=images,
        labels=labels,
        class_names=class_names,
        train=np.arange(0),
        query=np.arange(*ends),
        gallery=np.arange(ends[0]),
        truth=found.truth,
    )
    return (_with_million(folder, image_set) if split == MILLION else image_set).check()


def _folder(root: str | Path | None, published: Published) -> Path:
    markers = [published.pickle]
    if not published.revisited:
        markers = [*(str(Path(folder, published.first_query)) for folder in TEXTS), published.pickle]
    inner = next(
        (f"{above}/{published.name}" for above in ("test", "datasets") if root and Path(root, above).is_dir()), ""
    )
    return reading.folder(root, *markers, name=published.name, inner=inner or published.name, source=published.source)


def _pictures(folder: Path, published: Published) -> dict[str, str]:
    """The paths of the set's pictures by their names without endings."""
    beside = (folder.parent / published.old,) if published.old else ()
    for place in (folder, *beside):
        for start in (place / "jpg", place):
            found = pictures.under(str(start), PassedOver()) if start.is_dir() else ()
            if found:
                return {Path(path).stem: str(start / path) for path in reversed(found)}
    raise InputError(
        f"{folder} has no pictures: unpack those of {published.title} into {folder / 'jpg'}; {published.source}"
    )


def _ground_truth(folder: Path, published: Published, paths: dict[str, str]) -> GroundTruth:
    """Of the text files, or where they are not there or the set has none, of the pickle."""
    texts = [folder / inner for inner in TEXTS if (folder / inner / published.first_query).is_file()]
    if published.revisited or not texts:
        return ground_truth.from_pickle(folder / published.pickle, revisited=published.revisited)
    return ground_truth.from_texts(texts[0], sorted(paths), unreadable=published.unreadable)


def _check_counts(folder: Path, published: Published, counts: dict[str, int], found: GroundTruth) -> None:
    for part, names in (("query", found.asked), ("gallery", found.gallery)):
        if len(names) != counts.get(part, len(names)):
            raise InputError(
                f"{folder}: has {len(names):,} images in its {part} part, where {published.title} has"
                f" {counts[part]:,}: unpack it again, with nothing else in its folder"
            )


def _path(folder: Path, paths: dict[str, str], name: str) -> str:
    if name not in paths:
        raise InputError(f"{folder}: picture {name}.jpg is missing, which the ground truth names: unpack the set again")
    return paths[name]


def _labels(found: GroundTruth) -> tuple[np.ndarray, tuple[str, ...]]:
    """What each image of gallery and queries shows; called by the picture of the first query that asks for it."""
    gallery, asked = len(found.gallery), len(found.asked)
    pairs = np.array([(query, place) for query, rows in enumerate(found.truth.wanted) for place in rows]).reshape(-1, 2)
    joined = coo_matrix((np.ones(len(pairs)), (asked + pairs[:, 1], pairs[:, 0])), shape=(asked + gallery,) * 2)
    group = connected_components(joined, directed=False)[1]
    names = {number: name for number, name in reversed(list(zip(group[:asked], found.asked, strict=True)))}
    return reading.classes([names.get(number, NOTHING) for number in (*group[asked:], *group[:asked])])


def _with_million(folder: Path, image_set: ImageSet) -> ImageSet:
    """The same with the distractors of revisitop1m behind the gallery, the folder of which stands beside the set's."""
    place = folder.parent / DISTRACTORS
    names = [line.strip() for line in reading.lines(place / f"{DISTRACTORS}.txt") if line.strip()]
    if len(names) != PUBLISHED_DISTRACTORS:
        log.warning(
            "%s: lists %s distractors, where %s are published", place, f"{len(names):,}", f"{PUBLISHED_DISTRACTORS:,}"
        )
    paths = [f"{place}/jpg/{name}" for name in names]
    reading.check_present(paths)
    classes = [image_set.class_names[label] for label in image_set.labels]
    labels, class_names = reading.classes([*classes, *[NOTHING] * len(paths)])
    return replace(
        image_set,
        name=f"{image_set.name}+1m",
        images=[*image_set.images, *paths],
        labels=labels,
        class_names=class_names,
        gallery=np.concatenate([image_set.gallery, np.arange(len(image_set), len(labels))]),
    )
