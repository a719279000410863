"""photo_sift, the built-in set: SIFT descriptors of the two photographs that scikit-learn ships, in many poses.

A hundred thousand of them are the gallery; what asks are descriptors of other poses, darker, blurred and noisier than
the gallery's, as another photograph of the same place would be. Nothing is downloaded; the set is made in some
seconds and kept as files. A label is a place: 32 x 32 pixels of one of the photographs.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from sklearn.datasets import load_sample_images
from tqdm import tqdm

from datasets.files import whole
from datasets.stored import formats
from datasets.vectors.base import VectorSet

VERSION = f"1-opencv-{cv2.__version__}"  # of the recipe below; another OpenCV may find other descriptors
SEED = 0
GALLERY, QUERIES = 100_000, 1_000  # rows
CELL = 32  # pixels of a place's side
CONTRAST = 0.005  # the threshold of SIFT; below its default 0.04 weak points count too, so that fewer poses do

# The gallery's poses: each tilt at each zoom, turned by these angles, and by another 13 degrees from one to the next
# (never to a multiple of 90 between two of them, which would give equal descriptors), as it is and mirrored.
ZOOMS, TILTS, ANGLES = (0.7, 0.9, 1.2), (1.0, 1.6, 2.4), (0.0, 70.0)
TURN = 13.0

# The queries' poses are none of those.
QUERY_ZOOMS, QUERY_TILTS, QUERY_ANGLES = (0.8, 1.05), (1.3, 2.0), (25.0, 150.0)


@dataclass(frozen=True)
class Pose:
    """How a photograph is seen: resized by ``zoom``, its height divided by ``tilt``, turned by ``angle`` degrees.

    Its brightness 0..1 is raised to ``gamma``, then it is blurred and given noise (standard deviations, in pixels and
    in grey levels of 255).
    """

    zoom: float
    tilt: float
    angle: float
    mirrored: bool = False
    gamma: float = 1.0
    blur: float = 0.0
    noise: float = 3.0


def load(root: Path) -> VectorSet:
    """The set, 100,000 x 128 and 1,000 queries, float32 whole numbers, mapped from files under ``root/photo_sift``.

    They are made where they are not there, the same every time. Raises InputError where they cannot be written.
    """
    folder = Path(root) / "photo_sift" / VERSION
    if not folder.is_dir():
        _make(folder)
    arrays = {name: formats.read(folder / name) for name in ("gallery.fvecs", "queries.fvecs")}
    gallery_labels, query_labels = (
        formats.read(folder / name)[:, 0].astype(np.int64) for name in ("gallery_labels.ivecs", "query_labels.ivecs")
    )
    return VectorSet(
        name="photo_sift",
        metric="euclidean",
        gallery=arrays["gallery.fvecs"],
        queries=arrays["queries.fvecs"],
        gallery_labels=gallery_labels,
        query_labels=query_labels,
    )


def _make(folder: Path) -> None:
    """Writes all files beside ``folder`` and moves it in place last."""
    photos = [cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY) for photo in load_sample_images().images]
    (gallery, gallery_labels), (queries, query_labels) = make(photos, gallery=GALLERY, queries=QUERIES)
    with whole.folder_beside(folder) as part:  # two sweeps may start together
        for name, vectors, labels in (("gallery", gallery, gallery_labels), ("query", queries, query_labels)):
            plural = "queries" if name == "query" else name
            formats.write(part / f"{plural}.fvecs", vectors)
            formats.write(part / f"{name}_labels.ivecs", labels.astype(np.int32)[:, None])


def make(
    photos: Sequence[np.ndarray], *, gallery: int, queries: int
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """(descriptors (N, 128) float32, places (N,) int64) of the gallery and of the queries; photos (H, W) uint8.

    At most as many rows as asked for, in random order; none twice, and no query is a row of the gallery.
    """
    rng = np.random.default_rng(SEED)
    found, places = _distinct(*_described(photos, gallery_poses(), rng))
    asked, asked_places = _distinct(*_described(photos, query_poses(), rng))
    new = ~np.isin(_as_bytes(asked), _as_bytes(found))
    asked, asked_places = asked[new], asked_places[new]
    kept, asking = rng.permutation(len(found))[:gallery], rng.permutation(len(asked))[:queries]
    return (
        (found[kept].astype(np.float32), places[kept]),
        (asked[asking].astype(np.float32), asked_places[asking]),
    )


def gallery_poses() -> list[Pose]:
    """The poses whose descriptors are searched in."""
    views = list(itertools.product(ZOOMS, TILTS))
    return [
        Pose(zoom, tilt, angle + TURN * turn, mirrored)
        for turn, (zoom, tilt) in enumerate(views)
        for angle in ANGLES
        for mirrored in (False, True)
    ]


def query_poses() -> list[Pose]:
    """The poses whose descriptors ask."""
    views = itertools.product(QUERY_ZOOMS, QUERY_TILTS, QUERY_ANGLES)
    return [Pose(zoom, tilt, angle, gamma=1.2, blur=0.8, noise=4.0) for zoom, tilt, angle in views]


def _described(
    photos: Sequence[np.ndarray], poses: Sequence[Pose], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Descriptors (N, 128) uint8 of all photographs in all poses, and their places (N,) int64."""
    sift = cv2.SIFT_create(contrastThreshold=CONTRAST)
    descriptors, places = [], []
    first = 0  # the number of a photograph's first place
    for photo in photos:
        for pose in tqdm(poses, desc="photo_sift", disable=None, leave=False):
            image, inside, matrix = _posed(photo, pose, rng)
            points, rows = sift.detectAndCompute(image, inside)
            if points:
                descriptors.append(rows.astype(np.uint8))  # OpenCV gives whole numbers 0..255 as float32
                places.append(first + _places(cv2.KeyPoint_convert(points), matrix, photo.shape))
        first += _cells(photo.shape[0]) * _cells(photo.shape[1])
    return np.concatenate(descriptors), np.concatenate(places)


def _posed(photo: np.ndarray, pose: Pose, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The photograph (H, W) in a pose: image (h, w) uint8, mask of what the photograph covers, and matrix (2, 3)."""
    height, width = photo.shape
    cos, sin = np.cos(np.radians(pose.angle)), np.sin(np.radians(pose.angle))
    flip = np.diag([-1.0 if pose.mirrored else 1.0, 1 / pose.tilt])
    turn = pose.zoom * np.array([[cos, -sin], [sin, cos]]) @ flip
    corners = turn @ np.array([[0, width, 0, width], [0, 0, height, height]])
    low, high = corners.min(axis=1), corners.max(axis=1)
    matrix = np.column_stack([turn, -low])
    size = tuple(int(side) for side in np.ceil(high - low))
    # What is made smaller is blurred first, or its fine lines would turn into others.
    across, along = (0.5 * max(1.0, shrunk / pose.zoom) for shrunk in (1.0, pose.tilt))
    smooth = cv2.GaussianBlur(photo, (0, 0), sigmaX=across, sigmaY=along)
    image = cv2.warpAffine(smooth, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    inside = cv2.warpAffine(np.full_like(photo, 255), matrix, size, flags=cv2.INTER_NEAREST)
    return _lit(image, pose, rng), cv2.erode(inside, np.ones((9, 9), np.uint8)), matrix


def _lit(image: np.ndarray, pose: Pose, rng: np.random.Generator) -> np.ndarray:
    """The image (h, w) uint8 in the pose's light, blurred and with noise."""
    grey = 255 * (image.astype(np.float32) / 255) ** pose.gamma
    if pose.blur:
        grey = cv2.GaussianBlur(grey, (0, 0), pose.blur)
    grey += pose.noise * rng.standard_normal(grey.shape, dtype=np.float32)
    return np.clip(grey, 0, 255).astype(np.uint8)


def _places(points: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(n,) int64, the cell of the photograph (H, W) that each point (n, 2) of the posed image came from."""
    source = (points - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    column, row = np.clip(source // CELL, 0, [_cells(shape[1]) - 1, _cells(shape[0]) - 1]).astype(np.int64).T
    return row * _cells(shape[1]) + column


def _cells(pixels: int) -> int:
    return -(-pixels // CELL)


def _distinct(descriptors: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each descriptor once, in the order of their bytes, whatever order OpenCV's threads found them in."""
    order = np.lexsort((places, _as_bytes(descriptors)))
    descriptors, places = descriptors[order], places[order]
    first = np.ones(len(descriptors), bool)
    first[1:] = (descriptors[1:] != descriptors[:-1]).any(axis=1)
    return descriptors[first], places[first]


def _as_bytes(rows: np.ndarray) -> np.ndarray:
    """(N,) one value a row, to sort and to compare rows by; rows (N, D) uint8."""
    return np.ascontiguousarray(rows).view(f"V{rows.shape[1]}")[:, 0]
