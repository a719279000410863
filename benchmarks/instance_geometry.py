"""Geometric verification of 100 candidates of 1,000 local features each, beside OpenCV's brute-force matcher.

python benchmarks/instance_geometry.py           a minute
python benchmarks/instance_geometry.py --quick   a tenth of the candidates, to see that it runs

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. Both sides match by the two
nearest and Lowe's ratio test, and look for one movement among the matches: ours an affine map from the directions and
sizes of the features, the peer a homography by RANSAC. Both take as many threads as there are cores. The features are
made up; every tenth candidate shares 200 with the query, and both sides must find those.
"""

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import paired
import verdicts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from embedding.reranking.local_features import Features, root
from embedding.reranking.verify import DEFAULT, verify

CANDIDATES, COUNT, SIDE = 10 if "--quick" in sys.argv else 100, 1000, 640
SHARED = 200  # features that every tenth candidate has in common with the query
BAR = 1 / 0.65
THREADS = len(os.sched_getaffinity(0))


def made_up(rng: np.random.Generator) -> Features:
    """Features anywhere in a picture, of vectors as spread as those of photographs."""
    frames = rng.integers(0, 65536, (COUNT, 4)).astype(np.uint16)
    frames[:, 2] = rng.integers(500, 3000, COUNT)
    return Features(root(rng.gamma(0.5, 1, (COUNT, 128))), frames, (SIDE, SIDE))


def pictures(seed: int = 0) -> tuple[Features, list[Features]]:
    """The query, and the candidates, of which every tenth shows some of the query shifted."""
    rng = np.random.default_rng(seed)
    query, candidates = made_up(rng), [made_up(rng) for _ in range(CANDIDATES)]
    for one in candidates[::10]:
        noise = rng.integers(-3, 4, (SHARED, 128))
        one.descriptors[:SHARED] = np.clip(query.descriptors[:SHARED] + noise, 0, 255)
        one.frames[:SHARED] = query.frames[:SHARED]
        one.frames[:SHARED, :2] = query.frames[:SHARED, :2] // 2 + 1000
        one.frames[:SHARED, 2] //= 2
    return query, candidates


def by_opencv(query: Features, candidates: list[Features]) -> list[int]:
    """How many matches of each candidate a homography explains."""
    matcher, vectors, places, counts = (
        cv2.BFMatcher(cv2.NORM_L2),
        query.descriptors.astype(np.float32),
        query.places,
        [],
    )
    for one in candidates:
        nearest = matcher.knnMatch(vectors, one.descriptors.astype(np.float32), k=2)
        good = [best for best, second in nearest if best.distance < DEFAULT.ratio * second.distance]
        counts.append(0)
        if len(good) >= 4:
            asked, found = places[[m.queryIdx for m in good]], one.places[[m.trainIdx for m in good]]
            matrix, inliers = cv2.findHomography(asked, found, cv2.RANSAC, DEFAULT.movement.within * SIDE)
            counts[-1] = 0 if matrix is None else int(inliers.sum())
    return counts


def main() -> None:
    """Compare speed, and which candidates both sides find."""
    cv2.setNumThreads(THREADS)
    query, candidates = pictures()
    neighbors, scores = np.arange(CANDIDATES)[None], np.zeros((1, CANDIDATES), np.float32)

    def ours() -> np.ndarray:
        return verify(neighbors, scores, [query], candidates, workers=THREADS).neighbors[0]

    def peer() -> np.ndarray:
        return np.argsort([-count for count in by_opencv(query, candidates)], kind="stable")

    shared = len(candidates[::10])
    same = set(ours()[:shared].tolist()) == set(peer()[:shared].tolist()) == set(range(0, CANDIDATES, 10))
    facts = {"candidates": CANDIDATES, "features": COUNT, "threads": THREADS}
    verdicts.finish(
        [
            verdicts.equal("verification finds the same", same, candidates=CANDIDATES),
            paired.compare("verification", ours, peer, at_least=BAR, **facts),
        ]
    )


if __name__ == "__main__":
    main()
