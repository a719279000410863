"""Covers, the built-in set of instances: drawn things and photographs of each, in five kinds; nothing to download.

A thing has a clean picture, its reference, and photographs in perspective, among other things, in changing light.
References and half of the photographs are the gallery, the other photographs ask. Things come in series of four that
look alike, as books of one publisher do: two of them are asked for, and two, which nobody asks for, mislead.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_sample_images

from datasets.drawing import covers, facades
from datasets.drawing.photographed import Camera, photograph
from datasets.errors import InputError
from datasets.files import whole
from datasets.images.base import ImageSet
from datasets.images.truth import of_labels

VERSION = f"1-opencv-{cv2.__version__}"  # of the recipe; another OpenCV may draw and pack a little differently
SERIES = {"train": 12, "test": 12}  # of four things
STRANGERS = 4  # series that only stand beside others
SEED = 0
CLEAN = 92  # the JPEG quality of references
# Of each thing: its reference, photographs for the gallery, and photographs that ask.
VIEWS = {"train": (1, 3, 0), "test": (1, 2, 2), "other": (1, 1, 0)}
PATCH = (53, 49)  # height and width in pixels of a patch of a photograph
ENLARGED = 6  # how much larger it is printed

Flats = list[np.ndarray]


@dataclass(frozen=True)
class Kind:
    """Things of a kind: ``draw`` gives a series by its number; and how they are photographed, ``beside`` how many."""

    draw: Callable[[np.random.Generator, int], Flats]
    camera: Camera
    beside: tuple[int, int] = (0, 0)


def _covers(rng: np.random.Generator, number: int) -> Flats:
    style = covers.style(rng, covers.RECORD if rng.random() < 0.3 else covers.BOOK)
    return [covers.cover(style, rng) for _ in range(4)]


def _posters(rng: np.random.Generator, number: int) -> Flats:
    style = covers.style(rng, covers.POSTER)
    return [covers.cover(style, rng) for _ in range(4)]


def _facades(rng: np.random.Generator, number: int) -> Flats:
    street = facades.street(rng)
    return [facades.facade(street, rng) for _ in range(4)]


def _patches(rng: np.random.Generator, number: int) -> Flats:
    """Four patches that lie beside each other, or nearly so, in one of scikit-learn's two photographs."""
    found = _detailed(4 * sum(SERIES.values()))
    place = 4 * np.random.default_rng(SEED).permutation(len(found) // 4)[number]  # both photographs train and ask
    return found[place : place + 4]


@lru_cache(maxsize=1)
def _detailed(wanted: int) -> Flats:
    """Patches without overlap of both photographs, enlarged, in their order; those with least detail are left out."""
    height, width = PATCH
    patches = [
        photo[top : top + height, left : left + width]
        for photo in load_sample_images().images
        for top in range(0, photo.shape[0] - height + 1, height)
        for left in range(0, photo.shape[1] - width + 1, width)
    ]
    detail = [cv2.Laplacian(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.CV_32F).std() for patch in patches]
    kept = np.sort(np.argsort(-np.array(detail), kind="stable")[:wanted])
    return [cv2.resize(patches[one], None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC) for one in kept]


_KINDS = {
    "covers": Kind(_covers, Camera(fill=(0.75, 1.0), turn=20, tilt=0.12, off=0.06, covered=0.4)),
    "shelf": Kind(_covers, Camera(fill=(0.65, 0.9), turn=8, tilt=0.1, off=0.12, covered=0.3), beside=(2, 5)),
    "posters": Kind(_posters, Camera(fill=(0.7, 1.0), turn=10, tilt=0.18, off=0.1, covered=0.5), beside=(0, 2)),
    "facades": Kind(_facades, Camera(fill=(0.9, 1.3), turn=7, tilt=0.13, off=0.12, covered=0.5)),
    "photographs": Kind(_patches, Camera(fill=(0.7, 1.0), turn=20, tilt=0.14, off=0.08, covered=0.4)),
}
SPLITS = tuple(_KINDS)


def load(root: str | Path | None = None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The things of a kind, drawn into ``root/covers`` (data/covers without a root) where they are not there yet.

    split : covers (the usual one), shelf (covers beside others, of which one alone asks), posters, facades or
        photographs (prints of patches of the two that scikit-learn ships)

    The same picture for picture on every call. Raises InputError where ``boxes`` are asked for, or where the pictures
    cannot be written.
    """
    if boxes:
        raise InputError("dataset covers has no boxes: do not ask for crops to boxes")
    if split and split not in SPLITS:
        raise InputError(f"--split={split}: dataset covers has the splits {', '.join(SPLITS)}")
    kind = split or SPLITS[0]
    folder = Path(root or "data") / "covers" / f"{VERSION}-{'-'.join(map(str, SERIES.values()))}" / kind
    if not folder.is_dir():
        with whole.folder_beside(folder) as part:
            _write(part, kind)
    return _listed(folder, kind)


@dataclass(frozen=True)
class _Thing:
    """Which it is, in which part and role, and the files of its views with how it is seen there."""

    series: int
    place: int
    part: str
    role: str

    @property
    def name(self) -> str:
        return f"{self.series:02}{'abcd'[self.place]}"

    @property
    def views(self) -> list[tuple[str, str]]:
        seen = zip(("reference", "photograph", "query"), VIEWS[self.role], strict=True)
        return [(how, f"{self.part}/{self.name}-{how}-{turn + 1}.jpg") for how, count in seen for turn in range(count)]


def _things() -> Iterator[_Thing]:
    """All things of a kind: first those to train on, then those that are asked for and those like them."""
    for series in range(sum(SERIES.values())):
        part = "train" if series < SERIES["train"] else "test"
        for place in range(4):
            yield _Thing(series, place, part, "train" if part == "train" else ("test", "other")[place % 2])


def _listed(folder: Path, kind: str) -> ImageSet:
    paths, labels, rows = [], [], {"train": [], "query": [], "gallery": []}
    things = list(_things())
    for label, thing in enumerate(things):
        for how, file in thing.views:
            rows["train" if thing.part == "train" else "query" if how == "query" else "gallery"].append(len(paths))
            paths.append(str(folder / file))
            labels.append(label)
    labels = np.array(labels, np.int64)
    split = {part: np.array(found, np.int64) for part, found in rows.items()}
    found = ImageSet(
        name="covers" if kind == SPLITS[0] else f"covers-{kind}",
        images=paths,
        labels=labels,
        class_names=tuple(thing.name for thing in things),
        **split,
    )
    return replace(found, truth=of_labels(labels, split["query"], split["gallery"])).check()


def _write(folder: Path, kind: str) -> None:
    """Draw all things of a kind and photograph them."""
    drawn, known = _KINDS[kind], sum(SERIES.values())
    flats = [_drawn(kind, series) for series in range(known + STRANGERS * (drawn.beside[1] > 0))]
    strangers = [flat for series in flats[known:] for flat in series]
    for part in SERIES:
        (folder / part).mkdir()
    for number, thing in enumerate(_things()):
        rng = np.random.default_rng([SEED, SPLITS.index(kind), 1000 + number])
        for how, file in thing.views:
            image, quality = flats[thing.series][thing.place], CLEAN
            if how != "reference":
                count = 0 if how == "query" and kind == "shelf" else rng.integers(*drawn.beside, endpoint=True)
                beside = [strangers[place] for place in rng.permutation(len(strangers))[:count]]
                image, quality = photograph(image, beside, drawn.camera, rng)
            packed = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            (folder / file).write_bytes(packed)


def _drawn(kind: str, series: int) -> Flats:
    return _KINDS[kind].draw(np.random.default_rng([SEED, SPLITS.index(kind), series]), series)
