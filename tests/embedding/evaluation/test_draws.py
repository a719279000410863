"""Galleries drawn of one image a class: what each draw holds, and the means against a plain loop."""

import numpy as np
import pytest

from datasets.vectors.base import Embeddings, from_embeddings
from embedding.evaluation.scores import drawn, evaluate_drawn, evaluate_set


def draws(images: Embeddings, seed: int) -> list[tuple[Embeddings, Embeddings]]:
    return [drawn(images, np.random.default_rng((seed, draw))) for draw in range(10)]


@pytest.fixture
def vehicles() -> Embeddings:
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(6), [2, 3, 4, 5, 3, 2])
    vectors = rng.normal(size=(6, 4))[labels] + rng.normal(size=(len(labels), 4))
    return Embeddings(vectors.astype(np.float32), labels, tuple(f"{row}.jpg" for row in range(len(labels))))


def test_one_image_a_class_is_the_gallery_and_the_others_ask(vehicles):
    found = draws(vehicles, 1)
    for asking, gallery in found:
        assert sorted(gallery.labels) == list(range(6)) and len(asking) == 13
        assert not set(asking.paths) & set(gallery.paths)
    chosen = {gallery.paths for _, gallery in found}
    assert len(chosen) > 5
    assert chosen == {gallery.paths for _, gallery in draws(vehicles, 1)}
    assert chosen != {gallery.paths for _, gallery in draws(vehicles, 2)}


def test_scores_are_means_of_plain_ones(vehicles):
    ranks = []
    for asking, gallery in draws(vehicles, 0):
        for vector, label in zip(asking.vectors, asking.labels, strict=True):
            near = np.argsort(((gallery.vectors - vector) ** 2).sum(axis=1))
            ranks.append(1 + list(gallery.labels[near]).index(label))
    ranks = np.array(ranks)
    scores = evaluate_drawn(vehicles, 10, ks=(1, 5), nmi=False)
    expected = {"recall@1": (ranks == 1).mean(), "recall@5": (ranks <= 5).mean(), "map": (1 / ranks).mean()}
    assert {name: scores[name] for name in expected} == pytest.approx(expected)
    assert 0 < scores["recall@1"] < 1


def test_a_file_of_vectors_tells_its_draws(vehicles):
    saved = from_embeddings(vehicles, None, name="vehicleid-800", attrs={"draws": 10})
    assert evaluate_set(saved, ks=(1,), nmi=True) == evaluate_drawn(vehicles, 10, ks=(1,), nmi=True)
    assert evaluate_set(saved, ks=(1,)) != evaluate_set(from_embeddings(vehicles, None, name="v"), ks=(1,))
