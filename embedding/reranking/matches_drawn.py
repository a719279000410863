"""Matches drawn: two pictures side by side, with a line from each feature of one to where it is in the other."""

import cv2
import numpy as np

from embedding.reranking.verify import Match

_GAP = 8  # white pixels between the pictures
_MOST = 60  # lines: more only cover the pictures
_SUBPIXEL = 4  # bits of a place in OpenCV's drawing


def side_by_side(query: np.ndarray, found: np.ndarray, match: Match, *, height: int = 320) -> np.ndarray:
    """Both pictures, reduced or enlarged to one height, and 60 of the lines at most, as (height, W, 3) uint8 RGB.

    query, found : (H, W, 3) uint8 RGB, of any sizes
    Lines take the colours of the rainbow from the left of the query to its right, so that each can be followed.
    """
    pictures = [_to_height(picture, height) for picture in (query, found)]
    drawn = np.concatenate((pictures[0], np.full((height, _GAP, 3), 255, np.uint8), pictures[1]), axis=1)
    shift = pictures[0].shape[1] + _GAP
    chosen = _chosen(match.query)
    starts = match.query[chosen] * max(pictures[0].shape)
    ends = match.found[chosen] * max(pictures[1].shape) + (shift, 0)
    for start, end, color in zip(starts, ends, _rainbow(len(chosen)), strict=True):
        _draw_line(drawn, start, end, color)
    return drawn


def _to_height(picture: np.ndarray, height: int) -> np.ndarray:
    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    way = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_LINEAR
    return cv2.resize(picture, (width, height), interpolation=way)


def _chosen(places: np.ndarray) -> np.ndarray:
    """Which matches are drawn, from left to right."""
    order = np.argsort(places[:, 0], kind="stable")
    return order[np.linspace(0, len(order) - 1, min(_MOST, len(order))).astype(int)]


def _rainbow(count: int) -> list[tuple[int, int, int]]:
    if not count:
        return []
    hues = np.linspace(0, 150, count).astype(np.uint8)  # in OpenCV's half degrees: red to violet
    colors = cv2.cvtColor(np.dstack((hues, np.full_like(hues, 230), np.full_like(hues, 255))), cv2.COLOR_HSV2RGB)
    return [tuple(map(int, color)) for color in colors[0]]


def _draw_line(drawn: np.ndarray, start: np.ndarray, end: np.ndarray, color: tuple[int, int, int]) -> None:
    start, end = (tuple(int(v) for v in np.rint(place * 2**_SUBPIXEL)) for place in (start, end))
    how = {"lineType": cv2.LINE_AA, "shift": _SUBPIXEL}
    cv2.line(drawn, start, end, color, 1, **how)
    for place in (start, end):
        cv2.circle(drawn, place, 3 << _SUBPIXEL, color, 1, **how)
