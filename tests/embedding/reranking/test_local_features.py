import cv2
import numpy as np
import pytest

from embedding.reranking import local_features
from embedding.reranking.local_features import Sift, find, root, spread


def blobs(height: int = 240, width: int = 320, *, count: int = 150, seed: int = 0) -> np.ndarray:
    """A picture full of discs and bars, (H, W, 3) uint8."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), 128, np.uint8)
    for _ in range(count):
        center = tuple(int(v) for v in rng.integers((0, 0), (width, height)))
        color = tuple(int(v) for v in rng.integers(0, 256, 3))
        if rng.random() < 0.5:
            cv2.circle(picture, center, int(rng.integers(3, 14)), color, -1)
        else:
            other = tuple(int(v) for v in np.array(center) + rng.integers(-25, 25, 2))
            cv2.rectangle(picture, center, other, color, -1)
    return cv2.GaussianBlur(picture, (3, 3), 0)


def test_root_is_the_root_of_each_share_at_one_length():
    vectors = np.random.default_rng(0).integers(0, 256, (20, 128)).astype(np.float32)
    vectors[0] = 0
    found = root(vectors)
    assert found.dtype == np.uint8
    for row, vector in zip(found, vectors, strict=True):
        for entry, value in zip(row, vector, strict=True):
            assert entry == (min(255, round(512 * (value / vector.sum()) ** 0.5)) if vector.sum() else 0)
    lengths = np.linalg.norm(found[1:].astype(float), axis=1)
    np.testing.assert_allclose(lengths, local_features.UNIT, rtol=0.01)


def test_products_of_roots_are_hellinger_kernels():
    first, second = np.random.default_rng(1).integers(0, 100, (2, 30, 128)).astype(np.float32)
    products = root(first).astype(float) @ root(second).astype(float).T / local_features.UNIT**2
    shares = first / first.sum(axis=1, keepdims=True), second / second.sum(axis=1, keepdims=True)
    kernels = [[sum(np.sqrt(a * b)) for b in shares[1]] for a in shares[0]]
    np.testing.assert_allclose(products, kernels, atol=0.005)


def test_places_are_those_of_opencv_and_the_strongest_are_kept():
    grey = cv2.cvtColor(blobs(), cv2.COLOR_RGB2GRAY)
    features = find(blobs(), Sift(contrast=0.02, count=10_000))
    points, described = cv2.SIFT_create(contrastThreshold=0.02).detectAndCompute(grey, None)
    assert len(features) == len(points) > 100
    np.testing.assert_allclose(features.places, [one.pt for one in points], atol=0.01)
    np.testing.assert_allclose(features.sizes, [one.size for one in points], atol=0.01)
    np.testing.assert_allclose(np.degrees(features.angles), [one.angle for one in points], atol=0.01)
    np.testing.assert_array_equal(features.descriptors, root(described))
    assert len(find(blobs(), Sift(count=50))) == 50


def test_a_large_picture_is_reduced_and_a_small_one_not_enlarged():
    features = find(blobs(480, 640), Sift(side=320))
    assert features.shape == (240, 320)
    assert features.places.max() < 320
    assert find(blobs(), Sift(side=1000)).shape == (240, 320)


def test_upright_features_have_no_direction_and_each_place_once():
    features = find(blobs(), Sift(upright=True, count=10_000))
    assert not features.angles.any()
    frames = features.frames[:, :3]
    assert len(np.unique(frames, axis=0)) == len(frames) > 100
    assert len(find(blobs(), Sift(count=10_000))) > len(frames)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 300, 3), (64, 64, 3), (1, 1), (40, 60), (3, 3, 3)])
def test_a_blank_or_tiny_picture_has_no_features(shape):
    features = find(np.full(shape, 200, np.uint8))
    assert len(features) == 0
    assert features.descriptors.shape == (0, 128)
    assert features.places.shape == (0, 2)
    assert features.shape == shape[:2]


def test_a_grey_picture_is_as_its_colours_would_be():
    grey = cv2.cvtColor(blobs(), cv2.COLOR_RGB2GRAY)
    one, other = find(grey), find(np.dstack((grey, grey, grey)))
    np.testing.assert_array_equal(one.descriptors, other.descriptors)


def test_spread_takes_the_strongest_of_every_square_in_turn():
    rng = np.random.default_rng(0)
    frames = np.column_stack((rng.uniform(0, 99, (500, 2)), np.zeros((500, 2))))
    frames[:400, :2] *= 0.1  # most of them in one corner, and the strongest
    strengths = np.r_[rng.uniform(1, 2, 400), rng.uniform(0, 1, 100)]
    kept = spread(frames, strengths, 80)
    assert len(kept) == len(set(kept)) == 80
    assert (kept >= 400).sum() > 40
    top = frames[:, :2].max() + 1e-3
    cells = [tuple(int(v / top * 8) for v in place) for place in frames[:, :2]]
    turns = [sum(cells[j] == cells[i] and strengths[j] > strengths[i] for j in range(500)) for i in range(500)]
    plain = sorted(range(500), key=lambda i: (turns[i], -strengths[i]))[:80]
    assert kept.tolist() == plain
    assert spread(frames, strengths, 500).tolist() == list(range(500))
