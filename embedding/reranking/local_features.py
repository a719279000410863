"""Local features of a picture: SIFT, told by RootSIFT in bytes, each with its place, size and direction."""

from dataclasses import dataclass

import cv2
import numpy as np

# What unit rows are multiplied by to be bytes. The largest entry of a vector is seldom more than a third of its length:
# none of half a million of photographs reaches 255, where it would be cut.
UNIT = 512
DIM = 128

_STEPS = 65535  # of a place along the longest side, of a size up to that side, of a whole turn
_CELLS = 8  # along the longest side: features are spread over that many squares


@dataclass(frozen=True)
class Sift:
    """How local features are found.

    side : the longest side that a picture is reduced to, in pixels; it is never enlarged
    count : features of a picture at most, the strongest of each region
    upright : whether all features are told as they lie in the picture, in place of by their own direction, for pictures
        that all stand upright. Once matches are verified it found no more in buildings, and little in turned books
    contrast : the weakest that counts as a feature. OpenCV's 0.04 leaves soft photographs with some dozens
    """

    side: int = 640
    count: int = 1000
    upright: bool = False
    contrast: float = 0.02


@dataclass(frozen=True)
class Features:
    """n local features of one picture.

    descriptors : (n, 128) uint8 RootSIFT vectors of length ``UNIT``, so that their products compare
    frames : (n, 4) uint16: x and y in the longest side of the picture, the diameter in that side, the angle in whole
        turns, each in steps of 1 / 65535
    shape : height and width, in pixels, of the picture that they were found in
    """

    descriptors: np.ndarray
    frames: np.ndarray
    shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.descriptors)

    @property
    def places(self) -> np.ndarray:
        """(n, 2) float32 x and y in pixels of a picture of ``shape``."""
        return self.frames[:, :2] * np.float32(max(self.shape) / _STEPS)

    @property
    def sizes(self) -> np.ndarray:
        """(n,) float32 diameters in pixels."""
        return self.frames[:, 2] * np.float32(max(self.shape) / _STEPS)

    @property
    def angles(self) -> np.ndarray:
        """(n,) float32 radians from 0 to a whole turn, clockwise as a person sees the picture; 0 where upright."""
        return self.frames[:, 3] * np.float32(2 * np.pi / _STEPS)


def none(shape: tuple[int, int]) -> Features:
    """No features, as of a blank picture, or of one that cannot be read."""
    return Features(np.empty((0, DIM), np.uint8), np.empty((0, 4), np.uint16), shape)


def find(picture: np.ndarray, how: Sift = Sift()) -> Features:
    """The local features of a picture (H, W, 3) uint8 RGB, or (H, W) of grey.

    Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004, by OpenCV.
    """
    grey = _reduced(picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), how.side)
    sift = cv2.SIFT_create(contrastThreshold=how.contrast)
    found = sift.detect(grey)
    if how.upright:
        found = _without_directions(found)
    found = [found[i] for i in spread(_frames(found), np.array([one.response for one in found]), how.count)]
    if not found:
        return none(grey.shape)
    found, described = sift.compute(grey, found)
    return Features(root(described), _in_steps(_frames(found), max(grey.shape)), grey.shape)


def root(descriptors: np.ndarray) -> np.ndarray:
    """SIFT vectors (n, 128), not negative, as RootSIFT: uint8 of length ``UNIT``, to within rounding.

    The root of each entry's share in the sum; products of those are Hellinger's kernel of the vectors.
    Arandjelovic & Zisserman, "Three things everyone should know to improve object retrieval", CVPR 2012.
    """
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-12)
    return np.minimum(np.rint(UNIT * np.sqrt(shares)), 255).astype(np.uint8)


def spread(frames: np.ndarray, strengths: np.ndarray, count: int) -> np.ndarray:
    """The positions of ``count`` of the features, strongest of every region first.

    Each of 8 x 8 squares over what they cover gives its strongest, then each its second, until there are enough: a
    lively corner of a picture does not take the places of all others.

    frames : (n, 4), x and y first
    """
    if len(frames) <= count:
        return np.arange(len(frames))
    cells = np.floor(frames[:, :2] / (frames[:, :2].max() + 1e-3) * _CELLS).astype(int) @ (1, _CELLS)
    order = np.lexsort((-strengths, cells))
    starts = np.searchsorted(cells[order], cells[order])
    turns = np.empty(len(frames), int)
    turns[order] = np.arange(len(frames)) - starts
    return np.lexsort((-strengths, turns))[:count]


def _reduced(grey: np.ndarray, side: int) -> np.ndarray:
    height, width = grey.shape
    scale = side / max(height, width)
    if scale >= 1:
        return grey
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)


def _without_directions(found: tuple[cv2.KeyPoint, ...]) -> list[cv2.KeyPoint]:
    """Each place and size once, with no direction: OpenCV gives a place with two of them twice."""
    unique = {(one.pt, one.size): one for one in found}
    for one in unique.values():
        one.angle = 0.0
    return list(unique.values())


def _frames(found: list[cv2.KeyPoint]) -> np.ndarray:
    """(n, 4) float32: x, y, diameter in pixels, angle in degrees."""
    return np.array([(*one.pt, one.size, one.angle) for one in found], np.float32).reshape(-1, 4)


def _in_steps(frames: np.ndarray, longest: int) -> np.ndarray:
    parts = np.column_stack((frames[:, :3] / longest, frames[:, 3] / 360))
    return np.rint(np.clip(parts, 0, 1) * _STEPS).astype(np.uint16)
