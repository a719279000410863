"""Compiled loops over tables of scores, a row an image and a column a caption."""

import numpy as np

from datasets.compiled import compiled

_STRIP = 128  # captions at a time: their numbers stay in the second cache


@compiled
def count(
    scores: np.ndarray, image_floors: np.ndarray, caption_floors: np.ndarray, captions: np.ndarray, images: np.ndarray
) -> None:
    """Add to ``captions`` (R,) how many scores of each row reach its floor, and to ``images`` (C,) the same of columns.

    scores (R, C) float32; image_floors (R,), caption_floors (C,) float32; both counts int32
    """
    for i in range(len(scores)):
        floor, reached = image_floors[i], 0
        for j in range(scores.shape[1]):
            score = scores[i, j]
            reached += score >= floor
            images[j] += score >= caption_floors[j]
        captions[i] += reached


@compiled
def order_scores(images: np.ndarray, captions: np.ndarray, scores: np.ndarray) -> None:
    """Fill ``scores`` (R, C) with -|max(0, c - i)|^2 of images (R, D) and captions (D, C), all float32."""
    nothing, room = np.float32(0), np.empty(_STRIP, np.float32)
    for start in range(0, captions.shape[1], _STRIP):
        # Copied, and added up in an array of its own: with no doubt where they lie, many numbers are taken at once.
        strip = np.ascontiguousarray(captions[:, start : start + _STRIP])
        total = room[: strip.shape[1]]
        for i in range(len(images)):
            total[:] = nothing
            for d in range(len(strip)):
                number, line = images[i, d], strip[d]
                for j in range(len(total)):
                    above = max(line[j] - number, nothing)
                    total[j] -= above * above
            scores[i, start : start + _STRIP] = total
