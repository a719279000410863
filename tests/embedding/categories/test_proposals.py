"""New categories: groups that are there are proposed, strays are noise, the known stays out, k is kept to."""

import numpy as np
import pytest

from embedding.categories.neighborhood import neighborhood, unit_rows
from embedding.categories.proposals import Proposals, counted, linked, propose, regions, scores, tidy
from embedding.evaluation import metrics

METHODS = {"linked": linked(0.3), "counted": counted(min_size=3), "regions": regions(min_size=5)}


def images(spread: float = 0.1, strays: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Eight groups of fifteen images on the sphere, then strays, each of a class of its own."""
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 8
    rows = rng.normal(size=(8, 24))[labels] + spread * rng.normal(size=(120, 24))
    return unit_rows(np.concatenate([rows, rng.normal(size=(strays, 24))])), np.append(labels, 8 + np.arange(strays))


@pytest.mark.parametrize("name", METHODS)
def test_groups_that_are_there_are_proposed(name):
    rows, labels = images()
    if name == "counted":  # every image is in some cluster: strays would be spread over the eight
        rows, labels = rows[:120], labels[:120]
    found = propose(rows, METHODS[name], k=8)
    assert metrics.nmi(labels[:120], found.clusters[:120]) > (0.9 if name == "regions" else 0.999)
    assert found.noise[120:].sum() >= 0.8 * len(rows[120:])
    assert scores(labels, found.groups)["pairwise f1"] > (0.7 if name == "regions" else 0.999)


@pytest.mark.parametrize("name", METHODS)
def test_proposals_are_in_order(name):
    rows, _ = images(spread=0.5)
    found = propose(rows, METHODS[name], k=8, min_size=3)
    assert (np.diff(found.confidences) <= 0).all() and len(found.confidences) == found.clusters.max() + 1
    assert (found.sizes >= 3).all() and found.sizes.sum() + found.noise.sum() == len(rows)
    for cluster in range(len(found.sizes)):
        members = found.clusters == cluster
        mean = rows[members].mean(axis=0)
        np.testing.assert_allclose(found.likeness[members], rows[members] @ mean / np.linalg.norm(mean), atol=1e-5)
    assert (found.likeness[found.noise] == 0).all()


def test_a_known_number_is_kept_to():
    rows, _ = images(spread=0.9)
    for k in (2, 5, 20):
        assert len(np.unique(counted(min_size=2)(neighborhood(rows), k))) == k


def test_the_known_takes_no_part():
    rows, labels = images()
    known = np.where(labels == 3, 7, -1)
    found = propose(rows, linked(0.3), known=known)
    assert (found.clusters[labels == 3] == -1).all() and not found.noise[labels == 3].any()
    assert found.sizes.tolist() == [15] * 7
    everything = propose(rows, linked(0.3), known=np.zeros(len(rows), np.int64))
    assert (everything.clusters == -1).all() and everything.confidences.shape == (0,)


def test_noise_is_small_clusters_and_images_far_from_their_own():
    rows, labels = images()
    near = neighborhood(rows)
    assert set(tidy(near, labels, min_size=2)[120:]) == {-1}
    assert (tidy(near, labels, min_size=16) == -1).all()
    moved = labels.copy()
    moved[0] = 5  # it is of group 0, where its nearest are
    found = tidy(near, moved, min_size=2)
    assert found[0] == -1 and sorted(np.bincount(found[found >= 0])) == [14] + [15] * 7


def test_groups_count_every_noise_image_alone_and_known_classes_as_one_each():
    found = Proposals(
        clusters=np.array([0, 0, -1, -1, 1, -1, -1, -1]),
        known=np.array([-1, -1, 4, 4, -1, -1, -1, 0]),
        confidences=np.array([0.9, 0.5]),
        likeness=np.zeros(8, np.float32),
    )
    groups = found.groups
    assert groups[0] == groups[1] and groups[2] == groups[3]
    assert len(set(groups)) == 6 and found.noise.tolist() == [False] * 5 + [True, True, False]
    assert found.summary == "2 clusters of 3 images; 3 images of known classes, 2 noise"


def test_few_images():
    for count in (1, 2, 3):
        rows = unit_rows(np.ones((count, 4)))
        for name in ("linked", "regions"):
            assert len(propose(rows, METHODS[name], min_size=2).clusters) == count
    assert propose(unit_rows(np.ones((3, 4))), linked(0.1), min_size=3).sizes.tolist() == [3]
