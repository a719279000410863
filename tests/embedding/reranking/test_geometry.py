import cv2
import numpy as np
import pytest

from embedding.reranking.geometry import Movement, _frames, _supporters, fit
from embedding.reranking.local_features import Features
from embedding.reranking.matching import Pairs

SIDE = 600


def features(places: np.ndarray, sizes: np.ndarray, angles: np.ndarray) -> Features:
    """Features at places (n, 2) in a picture of ``SIDE`` pixels, of sizes in pixels and angles in radians."""
    shares = np.column_stack((places / SIDE, sizes / SIDE, np.mod(angles, 2 * np.pi) / (2 * np.pi)))
    frames = np.rint(np.clip(shares, 0, 1) * 65535).astype(np.uint16)
    return Features(np.zeros((len(places), 128), np.uint8), frames, (SIDE, SIDE))


def pairs(count: int) -> Pairs:
    rows = np.arange(count)
    return Pairs(rows, rows, np.full(count, 0.5, np.float32))


def planted(matrix: np.ndarray, *, good: int, bad: int, noise: float = 1.0, seed: int = 0) -> tuple:
    """Features of two pictures: ``good`` of them moved by ``matrix`` (3, 3), with noise, the others anywhere."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(150, 450, (good + bad, 2))
    sizes, angles = rng.uniform(4, 20, good + bad), rng.uniform(0, 2 * np.pi, good + bad)
    beside = places + np.column_stack((np.cos(angles), np.sin(angles)))
    moved, moved_beside = (cv2.perspectiveTransform(part[None], matrix)[0] for part in (places, beside))
    ahead = moved_beside - moved
    new_angles = np.arctan2(ahead[:, 1], ahead[:, 0]) + rng.normal(0, 0.1, len(places))
    new_sizes = sizes * np.linalg.norm(ahead, axis=1) * np.exp(rng.normal(0, 0.1, len(places)))
    moved += rng.normal(0, noise, moved.shape)
    moved[good:] = rng.uniform(0, SIDE, (bad, 2))
    new_angles[good:], new_sizes[good:] = rng.uniform(0, 2 * np.pi, bad), rng.uniform(4, 20, bad)
    return features(places, sizes, angles), features(moved, new_sizes, new_angles)


def movement(angle: float, zoom: float, *, stretch: float = 1.0, perspective: float = 0.0) -> np.ndarray:
    """Turned and zoomed around the middle of the picture."""
    center = np.array([[1, 0, SIDE / 2], [0, 1, SIDE / 2], [0, 0, 1.0]])
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1.0]])
    scale = np.diag((zoom * stretch, zoom / stretch, 1.0))
    scale[2, 0] = perspective
    return center @ turn @ scale @ np.linalg.inv(center)


@pytest.mark.parametrize("angle", [0.0, 0.5, 3.0, -2.0])
@pytest.mark.parametrize("zoom", [0.6, 1.0, 1.5])
def test_a_planted_movement_is_found_among_many_wrong_matches(angle, zoom):
    matrix = movement(angle, zoom, stretch=1.1)
    query, found = planted(matrix, good=25, bad=150)
    seen = fit(query, found, pairs(175))
    assert seen.inliers[:25].sum() >= 23
    assert seen.inliers[25:].sum() <= 3
    corners = np.array([[[200.0, 200], [400, 200], [200, 400], [400, 400]]])
    np.testing.assert_allclose(
        cv2.perspectiveTransform(corners, seen.matrix), cv2.perspectiveTransform(corners, matrix), atol=4
    )


def test_perspective_is_followed_as_far_as_an_affine_map_can():
    query, found = planted(movement(0.4, 0.9, perspective=6e-4), good=60, bad=100)
    seen = fit(query, found, pairs(160))
    assert seen.inliers[:60].sum() >= 45
    assert seen.inliers[60:].sum() <= 4


def test_the_same_every_time_and_in_any_order():
    query, found = planted(movement(1.0, 1.2), good=20, bad=80)
    first, again = fit(query, found, pairs(100)), fit(query, found, pairs(100))
    np.testing.assert_array_equal(first.matrix, again.matrix)
    order = np.random.default_rng(0).permutation(100)
    mixed = fit(query, found, Pairs(order, order, np.full(100, 0.5, np.float32)))
    np.testing.assert_array_equal(mixed.inliers, first.inliers[order])


@pytest.mark.parametrize("seed", range(5))
def test_supporters_are_those_of_a_double_loop(seed):
    """Similarities as complex numbers: what moves place p to place q by turn and zoom t moves x to q + t (x - p)."""
    query, found = planted(movement(0.7, 1.3), good=15, bad=40, noise=3, seed=seed)
    how, within = Movement(), Movement().within * SIDE
    turns = found.angles.astype(float) - query.angles
    zooms = found.sizes.astype(float) / query.sizes
    before, after = (one.places.astype(float) @ (1, 1j) for one in (query, found))
    best: list[int] = []
    for i in range(55):
        agree = []
        for j in range(55):
            near = abs(after[i] + zooms[i] * np.exp(1j * turns[i]) * (before[j] - before[i]) - after[j]) <= within
            turned = abs(np.angle(np.exp(1j * (turns[j] - turns[i])))) <= how.turn
            if near and turned and 1 / how.zoom <= zooms[j] / zooms[i] <= how.zoom:
                agree.append(j)
        best = max(best, agree, key=len)
    rows = np.arange(55)
    found_now = _supporters(_frames(query, rows), _frames(found, rows), within, how.turn, np.log(how.zoom))
    assert np.flatnonzero(found_now).tolist() == best
    assert len(best) >= 10


def test_chance_explains_little():
    counts = []
    for seed in range(20):
        query, found = planted(np.eye(3), good=0, bad=150, seed=seed)
        counts.append(fit(query, found, pairs(150)).count)
    assert max(counts) <= 7


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_matches_say_nothing(count):
    query, found = planted(np.eye(3), good=3, bad=0)
    seen = fit(query, found, pairs(count))
    assert seen.matrix is None
    assert seen.count == 0
    assert seen.inliers.shape == (count,)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([[-1.0, 0, SIDE], [0, 1, 0], [0, 0, 1]]),  # mirrored
        movement(0, 0.05),  # all on one spot
        movement(0, 1, stretch=3),  # nine times wider than high
        np.array([[1.0, 0, 0], [0.5, 0, 300], [0, 0, 1]]),  # onto a line
    ],
)
def test_what_nobody_would_know_again_is_refused(matrix):
    query, found = planted(matrix, good=60, bad=0, noise=0.2)
    lenient = Movement(turn=np.pi, zoom=1e6)
    assert fit(query, found, pairs(60), lenient).count <= 15
