"""Ranks and scores of image-text retrieval against hand-made cases and against brute force."""

import numpy as np
import pytest

from datasets.errors import InputError, RunFailed
from vse.evaluation.scores import evaluate, evaluate_folds, ranks

TIE = 1e-6


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def score(image, caption, similarity):
    if similarity == "cosine":
        return sum(i * c for i, c in zip(image, caption, strict=True))
    return -sum(max(0, c - i) ** 2 for i, c in zip(image, caption, strict=True))


def brute(images, captions, image_of, similarity="cosine"):
    """One question at a time, in double precision: how many wrong answers are at least as similar as the right one."""
    table = np.array([[score(i, c, similarity) for c in captions] for i in images])
    image_ranks = []
    for i, line in enumerate(table):
        best = max(line[image_of == i])
        image_ranks.append(sum(line[c] >= best - TIE for c in range(len(line)) if image_of[c] != i))
    caption_ranks = []
    for c, column in enumerate(table.T):
        own = column[image_of[c]]
        caption_ranks.append(sum(column[i] >= own - TIE for i in range(len(column)) if i != image_of[c]))
    return image_ranks, caption_ranks


def made_up(seed, count, per_image, similarity="cosine"):
    rng = np.random.default_rng(seed)
    image_of = np.concatenate([np.arange(count), rng.integers(0, count, count * (per_image - 1))])
    images = rng.standard_normal((count, 7))
    captions = images[image_of] + 0.9 * rng.standard_normal((len(image_of), 7))
    order = rng.permutation(len(image_of))
    rows = [unit(found).astype(np.float32) for found in (images, captions[order])]
    return *(np.abs(found) if similarity == "order" else found for found in rows), image_of[order]


@pytest.mark.parametrize("similarity", ["cosine", "order"])
@pytest.mark.parametrize(("seed", "count", "per_image"), [(0, 12, 5), (1, 30, 2), (2, 9, 1), (3, 1, 5)])
@pytest.mark.parametrize("tile", [1, 4, 7, 2048])
def test_equals_brute_force_whatever_is_compared_at_a_time(similarity, seed, count, per_image, tile):
    images, captions, image_of = made_up(seed, count, per_image, similarity)
    expected = brute(*(x.astype(np.float64) for x in (images, captions)), image_of, similarity)
    found = ranks(images, captions, image_of, similarity=similarity, tile=tile)
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == np.int64
        np.testing.assert_array_equal(one, other)
    assert count == 1 or (found[0].max() > 0 and found[1].max() > 0)


IMAGES = np.eye(3, 4)
CAPTIONS = unit(
    np.array(
        [
            [1.0, 0, 0, 0.1],  # nearest to its own image, 0
            [0.5, 1.0, 0, 0],  # of image 0, nearer to 1
            [0.2, 0.1, 0, 1.0],  # of image 1, nearest to 0
            [0, 0.3, 0.4, 1.0],  # of image 1, nearest to 2
            [0.9, 0.8, 0.1, 0],  # of image 2, nearest to 0, then 1
        ]
    )
)
IMAGE_OF = np.array([0, 0, 1, 1, 2])


def test_a_case_made_by_hand():
    image_ranks, caption_ranks = ranks(IMAGES, CAPTIONS, IMAGE_OF)
    # Image 1 sees captions 1, 4, then its own 3; image 2 sees 3, then its own 4.
    np.testing.assert_array_equal(image_ranks, [0, 2, 1])
    np.testing.assert_array_equal(caption_ranks, [0, 1, 1, 1, 2])


def test_its_scores():
    found = evaluate(IMAGES, CAPTIONS, IMAGE_OF)
    expected = {"i2t r@1": 100 / 3, "i2t r@5": 100, "i2t r@10": 100, "i2t medr": 2, "i2t meanr": 2}
    expected |= {"t2i r@1": 20, "t2i r@5": 100, "t2i r@10": 100, "t2i medr": 2, "t2i meanr": 2}
    assert list(found) == [*expected, "rsum"]
    assert found == pytest.approx(expected | {"rsum": 420 + 100 / 3})


def test_the_median_rank_is_rounded_down():
    """Of two images at ranks 1 and 2 from 1 it is 1."""
    images, captions = np.eye(2), unit(np.array([[1, 0.5], [1.0, 0.9]]))
    np.testing.assert_array_equal(ranks(images, captions, np.array([0, 1]))[1], [0, 1])
    assert evaluate(images, captions, np.array([0, 1]))["t2i medr"] == 1


def test_order_is_not_symmetric():
    """A caption that says less is below its image nowhere, and costs nothing; the other way round it does."""
    images, captions = np.array([[0.6, 0.8], [1.0, 0.0]]), np.array([[0.0, 0.8], [0.9, 0.0]])
    found = ranks(images, captions, np.array([0, 1]), similarity="order")
    np.testing.assert_array_equal(found, [[0, 0], [0, 0]])
    found = ranks(captions, images, np.array([0, 1]), similarity="order")
    np.testing.assert_array_equal(found[0], [0, 0])
    np.testing.assert_array_equal(ranks(images, captions[::-1], np.array([0, 1]), similarity="order")[0], [1, 1])


@pytest.mark.parametrize("similarity", ["cosine", "order"])
@pytest.mark.parametrize("tile", [3, 2048])
def test_ties_count_against(similarity, tile):
    """Where all embeddings are the same nothing is found, and it is all the wrong answers that stand before."""
    row = unit(np.random.default_rng(0).random((1, 64)))
    found = ranks(
        np.tile(row, (8, 1)), np.tile(row, (40, 1)), np.repeat(np.arange(8), 5), similarity=similarity, tile=tile
    )
    np.testing.assert_array_equal(found[0], 35)
    np.testing.assert_array_equal(found[1], 7)


@pytest.mark.parametrize("tile", [5, 31, 2048])
def test_the_same_sentence_of_two_images_is_a_tie_wherever_it_stands(tile):
    """Products of the same rows differ in their last bit, by their place in a table."""
    rng = np.random.default_rng(1)
    images, captions = (unit(rng.standard_normal((37, 513))).astype(np.float32) for _ in range(2))
    image_of = np.repeat(np.arange(37), 2)
    both = np.stack([captions, np.roll(captions, -1, axis=0)], axis=1).reshape(74, 513)
    doubled = ranks(images, both, image_of, tile=tile)[0]
    table = images.astype(np.float64) @ captions.T.astype(np.float64)
    for i, line in enumerate(table):
        best = max(line[i], line[(i + 1) % 37])
        # Each other sentence is there twice, that of the best once more, of another image.
        others = [c for c in range(37) if c not in (i, (i + 1) % 37)]
        neighbors = line[i] >= best - TIE, line[(i + 1) % 37] >= best - TIE
        assert doubled[i] == 2 * sum(line[others] >= best - TIE) + sum(neighbors)


def test_captions_of_one_image_do_not_stand_before_each_other():
    images, captions = np.eye(2), np.array([[1.0, 0], [1.0, 0], [0.8, 0.6], [0.6, 0.8], [0, 1.0]])
    image_of = np.array([0, 0, 0, 1, 1])
    np.testing.assert_array_equal(ranks(images, captions, image_of)[0], [0, 0])
    np.testing.assert_array_equal(ranks(images, captions[:4], image_of[:4])[0], [0, 0])


def test_any_number_type_and_layout_will_do():
    images, captions, image_of = made_up(0, 12, 5)
    expected = ranks(images, captions, image_of)
    wide = np.repeat(images, 2, axis=1)[:, ::2].astype(np.float64)
    captions.flags.writeable = False
    for one, other in zip(ranks(np.asfortranarray(wide), captions, image_of.astype(np.int32)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("similarity", ["cosine", "order"])
@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_finite_is_told(similarity, side, wrong):
    arrays = [x.copy() for x in made_up(0, 12, 1, similarity)]
    arrays[side][7, 3] = wrong if side else -wrong
    image = arrays[2][7] if side else 7
    with pytest.raises(RunFailed, match=f"its image, {image}, is not finite: the network has diverged"):
        ranks(*arrays, similarity=similarity)


def test_folds_are_means_over_consecutive_images():
    images, captions, image_of = made_up(4, 10, 5)
    parts = []
    for first, last in ((0, 4), (4, 7), (7, 10)):
        own = (image_of >= first) & (image_of < last)
        parts.append(evaluate(images[first:last], captions[own], image_of[own] - first))
    found = evaluate_folds(images, captions, image_of, folds=3)
    assert found == pytest.approx({name: np.mean([part[name] for part in parts]) for name in parts[0]})
    assert evaluate_folds(images, captions, image_of, folds=1) == evaluate(images, captions, image_of)
    assert len({part["rsum"] for part in parts}) > 1


def test_folds_know_their_similarity():
    arrays = made_up(4, 10, 5, "order")
    assert evaluate_folds(*arrays, folds=1, similarity="order") == evaluate(*arrays, similarity="order")
    assert evaluate(*arrays, similarity="order") != evaluate(*arrays)


@pytest.mark.parametrize("folds", [0, 11])
def test_too_many_folds_are_told(folds):
    with pytest.raises(InputError, match=f"10 images cannot be scored in {folds} folds"):
        evaluate_folds(*made_up(4, 10, 5), folds=folds)


@pytest.mark.parametrize(
    ("images", "captions", "image_of", "similarity", "text"),
    [
        (IMAGES, CAPTIONS, IMAGE_OF, "euclidean", "similarity 'euclidean' is none of cosine, order"),
        (IMAGES, CAPTIONS[:, :3], IMAGE_OF, "cosine", "must be .N, D. and .C, D."),
        (IMAGES, CAPTIONS, IMAGE_OF[:4], "cosine", "must name one image for each of 5 captions"),
        (IMAGES, CAPTIONS, IMAGE_OF + 1, "cosine", "names images 1 to 3, there are 3"),
        (IMAGES, CAPTIONS[:4], IMAGE_OF[:4], "cosine", "image 2 has no caption"),
    ],
)
def test_arrays_that_do_not_fit_are_told(images, captions, image_of, similarity, text):
    with pytest.raises(ValueError, match=text):
        ranks(images, captions, image_of, similarity=similarity)
