"""Plans of an epoch: every image in every epoch, balanced by class or at random."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.batches.plan import AtRandom, ByClass, plan_epoch


def labels_of(sizes) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


@pytest.mark.parametrize("sizes", [[4] * 8, [2, 3, 17, 5, 9, 2, 4], [2, 2, 2], [40, 2, 2, 2]])
@pytest.mark.parametrize(("classes", "images"), [(3, 4), (2, 5), (3, 2)])
def test_a_plan_sees_every_image_in_balanced_batches(sizes, classes, images):
    labels = np.random.default_rng(1).permutation(labels_of(sizes))
    plan = plan_epoch(labels, classes=classes, images=images, rng=np.random.default_rng(0))
    assert plan.shape[1] == classes * images
    assert set(plan.ravel()) == set(range(len(labels)))
    for batch in labels[plan].reshape(-1, classes, images):
        assert (batch == batch[:, :1]).all()
        assert len(set(batch[:, 0])) == classes
    for batch in plan.reshape(-1, images):  # a row comes twice in a group only where the class is too small
        assert len(set(batch)) == min(images, sizes[labels[batch[0]]])


def test_equal_classes_are_seen_once_an_epoch():
    plan = plan_epoch(labels_of([6] * 10), classes=5, images=3, rng=np.random.default_rng(0))
    assert sorted(plan.ravel()) == list(range(60))


def test_too_few_classes_are_refused():
    with pytest.raises(InputError, match="3 training classes"):
        plan_epoch(labels_of([2, 2, 2]), classes=4, images=2, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("count", "size"), [(24, 8), (25, 8), (31, 8), (8, 8), (9, 8)])
def test_at_random_every_image_is_seen_and_none_twice_in_a_batch(count, size):
    plan = AtRandom(size).plan(np.zeros(count), np.random.default_rng(3))
    assert plan.shape == (-(-count // size), size)
    assert set(plan.ravel()) == set(range(count))
    assert all(len(set(batch)) == size for batch in plan)


def test_at_random_no_two_epochs_are_alike():
    rng = np.random.default_rng(3)
    first, second = (AtRandom(8).plan(np.zeros(64), rng) for _ in range(2))
    assert (first != second).any()


def test_a_batch_of_more_images_than_there_are_is_refused():
    with pytest.raises(InputError, match="a batch of 8 images cannot be made of 7"):
        AtRandom(8).plan(np.zeros(7), np.random.default_rng(0))


def test_plans_say_what_they_are():
    assert (str(ByClass(16, 5)), ByClass(16, 5).size) == ("16 x 5", 80)
    assert (str(AtRandom(80)), AtRandom(80).size) == ("80 at random", 80)
